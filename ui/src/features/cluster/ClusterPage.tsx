import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useCluster, useObstacle } from '../../api/session'
import type { Cluster, Member } from '../../api/types'
import { Action } from '../../components/Action'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { Code, Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { count, plural } from '../../components/format'
import { IconCrown, IconDownload, IconManager } from '../../components/icons'
import { tell } from '../../components/notify'
import { Page } from '../../components/Page'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, memberStates } from '../../components/states'
import { behind, toleranceWords } from './words'
import './cluster.css'

/** The managers: who leads, how far each is, and what can be done about it. */
export function ClusterPage() {
  const cluster = useCluster()
  const mayWrite = useObstacle('cluster:write')
  const [handing, setHanding] = useState<Member | 'any'>()
  const [removing, setRemoving] = useState<Member>()
  const data = cluster.data
  return (
    <Page
      title="Cluster"
      note={data ? `${plural(data.members.length, 'manager')}, ${data.leader ? `${data.leader} leads` : 'no leader'}, term ${data.term}` : ''}
      actions={
        <>
          <Action onClick={() => setHanding('any')} obstacle={mayWrite}>
            Transfer leadership…
          </Action>
          <Action leftSection={<IconDownload size={16} />} onClick={() => save()} obstacle={mayWrite}>
            Save a snapshot
          </Action>
        </>
      }
    >
      {cluster.error && <ErrorPanel problem={asProblem(cluster.error)} onRetry={() => void cluster.refetch()} />}
      {data && (
        <div className="cluster">
          <section className="card">
            <div className="card-head cluster-head">
              <h2>Managers</h2>
              <Link to="/nodes" search={{ role: 'cluster-manager' }} className="plain-link">
                As nodes
              </Link>
            </div>
            <Members cluster={data} obstacle={mayWrite} onLead={setHanding} onRemove={setRemoving} />
          </section>
          <section className="card card-pad">
            <div className="card-head">
              <h2>The log they share</h2>
            </div>
            <Facts cluster={data} />
          </section>
          <section className="card card-pad">
            <div className="card-head">
              <h2>Snapshots</h2>
            </div>
            <p>
              A snapshot is the whole state at this moment, to keep outside of the cluster: users, groups, nodes, tasks, backups and the
              audit trail; not the data of the backups. Secrets in it are encrypted with the key of the cluster. It is brought back with{' '}
              <code>bcm operator snapshot restore</code>.
            </p>
          </section>
        </div>
      )}
      <HandOver to={handing} onClose={() => setHanding(undefined)} />
      <Remove member={removing} onClose={() => setRemoving(undefined)} />
    </Page>
  )
}

/** Lets the browser fetch the state as a file. */
function save() {
  const link = document.createElement('a')
  link.href = '/v1/cluster/snapshot'
  link.download = `bcm-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.snapshot`
  link.click()
}

function Facts({ cluster }: { cluster: Cluster }) {
  const tolerance = toleranceWords(cluster)
  return (
    <>
      <p className={`may-answer tone-${tolerance.tone}`}>{tolerance.text}</p>
      <Details
        rows={[
          ['Leader', cluster.leader || 'none'],
          ['Term', count(cluster.term)],
          ['Agreed up to', count(cluster.commit_index)],
          ['Applied here', `${count(cluster.applied_index)}, by ${cluster.served_by}`],
          ['Digest', <Code key="digest">{cluster.digest}</Code>],
          ['Digest of entry', count(cluster.digest_index)],
          ['Version', cluster.version],
          ['Cluster ID', <Code key="id">{cluster.id}</Code>],
        ]}
      />
    </>
  )
}

interface MembersProps {
  cluster: Cluster
  obstacle: string | undefined
  onLead: (member: Member) => void
  onRemove: (member: Member) => void
}

function Members({ cluster, obstacle, onLead, onRemove }: MembersProps) {
  return (
    <div className="members-box" tabIndex={0} role="region" aria-label="Managers">
      <table className="members">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Vote</th>
            <th scope="col">Behind</th>
            <th scope="col">Address</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {[...cluster.members].sort((a, b) => a.name.localeCompare(b.name)).map((member) => {
            const leads = member.name === cluster.leader
            return (
              <tr key={member.id}>
                <th scope="row">
                  <span className="cell-name">
                    {leads ? <IconCrown size={16} role="img" aria-label="Leader" /> : <IconManager size={16} aria-hidden="true" />}
                    <span>{member.name}</span>
                  </span>
                </th>
                <td>
                  <StateBadge look={lookOf(memberStates, leads ? 'leader' : member.healthy ? 'follower' : 'away')} />
                </td>
                <td>{member.voter ? 'yes' : 'no'}</td>
                <td className="cell-number">{behind(cluster, member)}</td>
                <td className="cell-mono">{member.address}</td>
                <td className="members-actions">
                  <Action size="compact-sm" onClick={() => onLead(member)} obstacle={obstacle ?? (leads ? 'It leads already.' : !member.voter ? 'It has no vote.' : undefined)}>
                    Let it lead…
                  </Action>
                  <Action size="compact-sm" variant="subtle" color="danger" onClick={() => onRemove(member)} obstacle={obstacle ?? (leads ? 'It leads; let another one lead first.' : undefined)}>
                    Remove…
                  </Action>
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function HandOver({ to, onClose }: { to: Member | 'any' | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  const name = to && to !== 'any' ? to.name : undefined
  const confirm = async () => {
    await must(api.POST('/v1/cluster/transfer-leadership', { body: name ? { to: name } : {} }))
    tell(name ? `${name} leads.` : 'Another manager leads.')
    await queries.invalidateQueries({ queryKey: keys.cluster })
  }
  return (
    <ConfirmTyped opened={to !== undefined} onClose={onClose} title={name ? `Let ${name} lead?` : 'Let another manager lead?'} verb="Transfer" onConfirm={confirm}>
      <p>Changes wait for a moment while the managers agree on it. What runs goes on.</p>
    </ConfirmTyped>
  )
}

function Remove({ member, onClose }: { member: Member | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  const confirm = async () => {
    await must(api.DELETE('/v1/cluster/members/{member}', { params: { path: { member: member!.id } } }))
    tell(`${member!.name} is no manager of the cluster any more.`)
    await queries.invalidateQueries({ queryKey: keys.cluster })
    void queries.invalidateQueries({ queryKey: keys.all('nodes') })
  }
  return (
    <ConfirmTyped opened={member !== undefined} onClose={onClose} title={`Take ${member?.name ?? ''} out of the cluster?`} phrase={member?.name} verb="Take it out" onConfirm={confirm}>
      <p>It does not vote any more, and what it has of the log is not used again. To come back it joins anew. {member?.voter && 'With one vote less, fewer managers may be lost.'}</p>
    </ConfirmTyped>
  )
}
