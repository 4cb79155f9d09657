import { Button, CopyButton, Drawer, Modal, SegmentedControl } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState, type ReactNode } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Certificate } from '../../api/types'
import { Action } from '../../components/Action'
import { Ago } from '../../components/Ago'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { DataGrid, type Column } from '../../components/DataGrid'
import { Code, Details } from '../../components/Details'
import { Empty } from '../../components/Empty'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FilterBar } from '../../components/FilterBar'
import { dateTime, roleList } from '../../components/format'
import { useNow } from '../../components/hooks'
import { tell } from '../../components/notify'
import { Page } from '../../components/Page'
import { StateBadge } from '../../components/StateBadge'
import { certificateStates, lookOf } from '../../components/states'
import { useSearchState } from '../../components/useSearchState'
import { certificateSearch } from './search'
import { certificateState } from './state'
import './certificates.css'

interface Params {
  q?: string
  node?: string[]
  revoked?: string[]
  sort: string
}

const listing: Listing<Certificate, Params> = {
  noun: 'certificates',
  fetch: (query) => must(api.GET('/v1/certificates', { params: { query } })),
  matches: (c, p) => anyOf(p.node, c.node) && anyOf(p.revoked, String(c.revoked_at !== null)) && hasText(p.q, c.node, c.id),
  moves: (a, b) => a.revoked_at !== b.revoked_at || a.current !== b.current,
}

function State({ certificate }: { certificate: Certificate }) {
  const now = useNow()
  return <StateBadge look={lookOf(certificateStates, certificateState(certificate, now))} />
}

const columns: Column<Certificate>[] = [
  { id: 'node', title: 'Node', width: 'minmax(150px, 1.2fr)', sort: 'node', cell: (c) => <b>{c.node}</b> },
  { id: 'state', title: 'State', width: '112px', cell: (c) => <State certificate={c} /> },
  { id: 'roles', title: 'Roles', width: 'minmax(150px, 1.3fr)', cell: (c) => roleList(c.roles) },
  { id: 'not_after', title: 'Ends', width: '92px', sort: 'not_after', cell: (c) => <span className="cell-number"><Ago at={c.not_after} /></span> },
  { id: 'created', title: 'Issued', width: '92px', sort: 'created_at', cell: (c) => <span className="cell-muted cell-number"><Ago at={c.created_at} /></span> },
  { id: 'id', title: 'Serial', width: 'minmax(200px, 1.5fr)', cell: (c) => <span className="cell-mono">{c.id}</span> },
]

function Card({ certificate }: { certificate: Certificate }) {
  return (
    <>
      <span className="card-name">{certificate.node}</span>
      <span>
        <State certificate={certificate} />
      </span>
      <span className="card-note">{roleList(certificate.roles)}</span>
      <span className="card-side">
        <Ago at={certificate.not_after} />
      </span>
    </>
  )
}

/** The certificates of the members, by which they know each other. */
export function CertificatesPage() {
  const [search, setSearch] = useSearchState(certificateSearch)
  const { q, node, show, sort } = search
  const params = useMemo(
    () => ({ q: q || undefined, node, ...(show !== 'all' && { revoked: [String(show === 'revoked')] }), sort }),
    [q, node, show, sort],
  )
  const list = useList(listing, params)
  const [ca, setCA] = useState(false)
  const [revoking, setRevoking] = useState<Certificate>()
  const live = useLiveWord()
  const filtered = q !== '' || node.length > 0 || show !== 'valid'
  const clear = () => setSearch({ q: '', node: [], show: 'valid' })
  return (
    <Page
      title="Certificates"
      note={`By which members know each other; each renews its own in time, ${live}`}
      actions={
        <Button variant="default" onClick={() => setCA(true)}>
          Certificate authority
        </Button>
      }
      fills
    >
      <div className="card card-fills">
        <FilterBar hint="Node or serial" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <SegmentedControl
            size="xs"
            aria-label="Which certificates"
            data={[
              { value: 'valid', label: 'Not revoked' },
              { value: 'revoked', label: 'Revoked' },
              { value: 'all', label: 'All' },
            ]}
            value={show}
            onChange={(value) => setSearch({ show: value as typeof show })}
          />
        </FilterBar>
        <DataGrid
          noun="certificate"
          list={list}
          columns={columns}
          card={(certificate) => <Card certificate={certificate} />}
          nameOf={(certificate) => `certificate of ${certificate.node}`}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          onOpen={(certificate) => setSearch({ certificate: certificate.id }, { push: true })}
          opened={search.certificate || undefined}
          filtered={filtered}
          onClear={clear}
          empty={<Empty title="No certificates yet" />}
        />
      </div>
      <CertificateDrawer certificate={search.certificate} onClose={() => setSearch({ certificate: '' }, { push: true })} onRevoke={setRevoking} />
      <RevokeDialog certificate={revoking} onClose={() => setRevoking(undefined)} />
      <Modal opened={ca} onClose={() => setCA(false)} title="Certificate authority" size={620}>
        {ca && <Authority />}
      </Modal>
    </Page>
  )
}

function CertificateDrawer({ certificate, onClose, onRevoke }: { certificate: string; onClose: () => void; onRevoke: (c: Certificate) => void }) {
  const query = useQuery({
    queryKey: keys.one('certificates', certificate),
    queryFn: () => must(api.GET('/v1/certificates/{certificate}', { params: { path: { certificate } } })),
    enabled: certificate !== '',
  })
  const mayWrite = useObstacle('certificates:write')
  const data = certificate === '' ? undefined : query.data
  const rows: [string, ReactNode][] = data
    ? [
        ['Node', <Link key="node" to="/nodes" search={{ node: data.node }} className="plain-link">{data.node}</Link>],
        ['Roles', roleList(data.roles)],
        ['Valid from', dateTime(data.not_before)],
        ['Valid until', dateTime(data.not_after)],
        ['In use', data.current ? 'yes, the newest of its node' : 'no, the node has a newer one'],
        ...(data.revoked_at ? [['Revoked', dateTime(data.revoked_at)] as [string, ReactNode]] : []),
        ['Serial', <Code key="id">{data.id}</Code>],
      ]
    : []
  return (
    <Drawer opened={certificate !== ''} onClose={onClose} size={560} title={<span className="drawer-title">{data && <>{data.node} <State certificate={data} /></>}</span>}>
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {data && (
        <div className="drawer">
          <div className="drawer-actions">
            <Action variant="subtle" color="danger" onClick={() => onRevoke(data)} obstacle={data.revoked_at ? 'It is revoked already.' : mayWrite}>
              Revoke…
            </Action>
          </div>
          <Details rows={rows} />
          <Pem name={`${data.node}.pem`} text={data.pem} />
        </div>
      )}
    </Drawer>
  )
}

/** A certificate as text, to copy or to keep. */
function Pem({ name, text }: { name: string; text: string }) {
  return (
    <>
      <div className="drawer-actions">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" component="a" href={`data:application/x-pem-file,${encodeURIComponent(text)}`} download={name}>
          Download
        </Button>
      </div>
      <pre className="pem" tabIndex={0} aria-label={name}>{text}</pre>
    </>
  )
}

function RevokeDialog({ certificate, onClose }: { certificate: Certificate | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  const confirm = async () => {
    await must(api.POST('/v1/certificates/{certificate}/revoke', { params: { path: { certificate: certificate!.id } } }))
    tell(`The certificate of ${certificate!.node} is worthless now.`)
    await queries.invalidateQueries({ queryKey: keys.all('certificates') })
  }
  return (
    <ConfirmTyped opened={certificate !== undefined} onClose={onClose} title={`Revoke the certificate of ${certificate?.node ?? ''}?`} phrase={certificate?.node} verb="Revoke" onConfirm={confirm}>
      <p>
        {certificate?.current
          ? 'All members refuse the node at once. To come back it must join anew, with a join token.'
          : 'The node has a newer certificate, with which it goes on.'}
      </p>
    </ConfirmTyped>
  )
}

function Authority() {
  const ca = useQuery({ queryKey: ['ca'], queryFn: () => must(api.GET('/v1/ca')) })
  if (ca.error) return <ErrorPanel problem={asProblem(ca.error)} onRetry={() => void ca.refetch()} />
  if (!ca.data) return <p className="cell-muted">Loading…</p>
  return (
    <div className="dialog">
      <p>Members and people trust what this signs: browsers with it warn no more, and <code>bcm</code> takes it in <code>BCM_CACERT</code>.</p>
      <Details
        rows={[
          ['Cluster', <Code key="id">{ca.data.cluster}</Code>],
          ['Pin', <Code key="pin">{ca.data.pin}</Code>],
        ]}
      />
      <Pem name="bcm-ca.pem" text={ca.data.pem} />
    </div>
  )
}
