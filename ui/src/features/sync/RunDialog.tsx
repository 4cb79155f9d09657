import { Button, Modal } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FormFoot } from '../../components/FormFoot'
import { plural } from '../../components/format'
import { tell } from '../../components/notify'
import { SyncSteps } from '../../components/SyncSteps'
import { diffWords } from '../../components/sync'
import { useSend } from '../../components/useSend'

interface Props {
  /** Names of the servers, all that are managed when there are none; the dialog is open unless undefined. */
  servers: string[] | undefined
  onClose: () => void
}

/** Says what bringing servers in step would do, and does it. */
export function RunDialog({ servers, onClose }: Props) {
  const title = servers?.length === 1 ? `Bring ${servers[0]} in step` : `Bring ${servers?.length ? plural(servers.length, 'server') : 'all managed servers'} in step`
  return (
    <Modal opened={servers !== undefined} onClose={onClose} title={title} size={640}>
      {servers && <Body servers={servers} onClose={onClose} />}
    </Modal>
  )
}

function Body({ servers, onClose }: { servers: string[]; onClose: () => void }) {
  const queries = useQueryClient()
  const which = servers.length > 0 ? { nodes: servers } : {}
  const dry = useQuery({
    queryKey: ['sync', 'dry', ...servers],
    queryFn: () => must(api.POST('/v1/sync', { body: { ...which, dry_run: true } })),
    staleTime: 0,
    gcTime: 0,
  })
  const { busy, problem, send } = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const { diffs } = await must(api.POST('/v1/sync', { body: which, headers: { 'Bcm-Request-Id': wish } }))
      await queries.invalidateQueries({ queryKey: keys.all('sync') })
      tell(`${plural(diffs.length, 'server')} ${diffs.length === 1 ? 'is' : 'are'} brought in step.`)
      onClose()
    })
  }
  if (dry.error) return <ErrorPanel problem={asProblem(dry.error)} onRetry={() => void dry.refetch()} />
  if (!dry.data) return <p className="cell-muted">Working out what it would change…</p>
  const { diffs } = dry.data
  const busyServers = diffs.filter((diff) => diff.steps.length > 0)
  if (diffs.length === 0) {
    return (
      <div className="dialog">
        <p>No server is managed. A server is made managed in its drawer, in the list of nodes.</p>
        <div className="dialog-buttons">
          <Button variant="default" onClick={onClose}>Close</Button>
        </div>
      </div>
    )
  }
  return (
    <form className="dialog" onSubmit={submit}>
      <p>
        {busyServers.length === 0
          ? 'Nothing differs, as far as the servers were seen. They are looked at again and brought to what the cluster wants now.'
          : 'Nothing has been changed yet. This is what would be:'}
      </p>
      <div className="dry">
        {diffs.map((diff) => (
          <section key={diff.node} aria-label={diff.node}>
            <h2>
              {diff.node} <span className="cell-muted">{diffWords(diff)}</span>
            </h2>
            {diff.stale && <p className="drawer-reason">It cannot be reached now: it may differ in other things by now, and is brought in step when it is back.</p>}
            <SyncSteps diff={diff} brief />
          </section>
        ))}
      </div>
      <FormFoot verb="Bring in step now" busy={busy} problem={problem} onCancel={onClose} />
    </form>
  )
}
