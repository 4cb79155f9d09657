import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Backup } from '../../api/types'
import { Action } from '../../components/Action'
import { Code, Details } from '../../components/Details'
import { Empty } from '../../components/Empty'
import { ErrorPanel } from '../../components/ErrorPanel'
import { EventList } from '../../components/EventList'
import { bytes, count, dateTime, sentence } from '../../components/format'
import { useDelayed, useNow } from '../../components/hooks'
import { Progress } from '../../components/Meter'
import { tell, tellProblem } from '../../components/notify'
import { Page } from '../../components/Page'
import { RunBadge } from './columns'
import { CancelDialog, DeleteDialog } from './dialogs'
import { LogCard } from './LogCard'
import { keptWords, ProtectActions } from './Protection'
import { Proofs } from './Proofs'
import { RestoreDialog } from './RestoreDialog'
import { fraction, goDuration, isLive, isStored, repeatable, titleOf, took } from '../../components/run'
import './backups.css'

/** One backup. The stream keeps it fresh; while it runs it is also asked for now and then. */
export function useBackup(id: string) {
  return useQuery({
    queryKey: keys.one('backups', id),
    queryFn: () => must(api.GET('/v1/backups/{backup}', { params: { path: { backup: id } } })),
    refetchInterval: ({ state }) => (state.data && isLive(state.data.status) ? 5000 : false),
  })
}

/** One backup: how far it is, what it stored, and what can be done with it. */
export function BackupPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useBackup(id)
  const slow = useDelayed(query.isPending, 150)
  if (query.data) return <Loaded backup={query.data} />
  const problem = query.error ? asProblem(query.error) : undefined
  return (
    <Page title="Backup" note={<code>{id}</code>}>
      {problem?.status === 404 && <Empty title="There is no such backup">It may have been deleted, or the link is wrong.</Empty>}
      {problem && problem.status !== 404 && <ErrorPanel problem={problem} onRetry={() => void query.refetch()} />}
      {slow && <div className="card card-pad skeleton-card" aria-label="Loading" />}
    </Page>
  )
}

function Loaded({ backup }: { backup: Backup }) {
  return (
    <Page
      title={titleOf(backup)}
      note={
        <>
          <Link to="/backups">Backups</Link> / <code>{backup.id}</code>
        </>
      }
      actions={<Actions backup={backup} />}
    >
      <div className="backup">
        <section className="card card-pad">
          <div className="card-head">
            <h2>{isLive(backup.status) ? 'Progress' : 'Result'}</h2>
            <RunBadge backup={backup} />
          </div>
          {isLive(backup.status) ? <Running backup={backup} /> : <Ended backup={backup} />}
        </section>
        <section className="card card-pad">
          <div className="card-head">
            <h2>Details</h2>
          </div>
          <Details rows={facts(backup)} />
        </section>
        <Proofs backup={backup} />
        <LogCard backup={backup} />
        <History backup={backup} />
      </div>
    </Page>
  )
}

function Actions({ backup }: { backup: Backup }) {
  const navigate = useNavigate()
  const [open, setOpen] = useState<'cancel' | 'delete' | 'restore'>()
  const mayRun = useObstacle('backups:run')
  const mayRestore = useObstacle('backups:restore')
  const mayDelete = useObstacle('backups:delete')
  const stored = isStored(backup.status) ? undefined : 'Nothing is stored of it.'
  const kept = keptWords(backup, useNow())
  const [again, setAgain] = useState(false)
  const queries = useQueryClient()
  const close = () => setOpen(undefined)
  const rerun = async () => {
    setAgain(true)
    try {
      const next = await must(api.POST('/v1/backups/{backup}/rerun', { params: { path: { backup: backup.id } } }))
      await queries.invalidateQueries({ queryKey: keys.all('backups') })
      tell('It is made again; this is the new run.')
      await navigate({ to: '/backups/$id', params: { id: next.id } })
    } catch (thrown) {
      tellProblem('It was not run again', thrown)
    } finally {
      setAgain(false)
    }
  }
  return (
    <>
      {isLive(backup.status) ? (
        <Action onClick={() => setOpen('cancel')} obstacle={mayRun}>
          Cancel
        </Action>
      ) : (
        <>
          {repeatable(backup.status) && (
            <Action onClick={() => void rerun()} loading={again} obstacle={mayRun}>
              Run again
            </Action>
          )}
          {isStored(backup.status) && <ProtectActions backup={backup} />}
          {backup.status !== 'deleted' && (
            <Action variant="subtle" color="danger" onClick={() => setOpen('delete')} obstacle={mayDelete ?? (kept ? `It is ${kept}.` : undefined)}>
              Delete…
            </Action>
          )}
          <Action onClick={() => void navigate({ to: '/backups/$id/browse', params: { id: backup.id } })} obstacle={stored}>
            Browse files
          </Action>
          <Action variant="filled" onClick={() => setOpen('restore')} obstacle={stored ?? mayRestore}>
            Restore
          </Action>
        </>
      )}
      <CancelDialog backups={open === 'cancel' ? [backup] : []} onClose={close} onDone={close} />
      <DeleteDialog
        backups={open === 'delete' ? [backup] : []}
        onClose={close}
        onDone={(failed) => failed.length === 0 && void navigate({ to: '/backups' })}
      />
      <RestoreDialog backup={backup.id} paths={open === 'restore' ? ['/'] : []} onClose={close} />
    </>
  )
}

function Running({ backup }: { backup: Backup }) {
  const now = useNow()
  const { progress } = backup
  const left = goDuration(progress?.eta)
  if (backup.status !== 'running') return <p className="cell-muted">{waiting[backup.status] ?? 'Waiting.'}</p>
  return (
    <div className="running">
      <Progress label={`Progress of ${titleOf(backup)}`} value={fraction(progress)} />
      <dl className="figures">
        <Figure name="Data" value={bytes(progress?.bytes ?? 0)} of={progress?.total_bytes ? bytes(progress.total_bytes) : undefined} />
        <Figure name="Files" value={count(progress?.files ?? 0)} of={progress?.total_files ? count(progress.total_files) : undefined} />
        <Figure name="Rate" value={progress?.rate ? `${bytes(progress.rate)}/s` : '–'} />
        <Figure name="Running for" value={took(backup, now)} />
        <Figure name="Left" value={left ? took({ started_at: new Date(0).toISOString(), finished_at: new Date(left).toISOString(), status: '' }, now) : '–'} />
      </dl>
      <p className="cell-muted">{progress?.phase ? `Phase: ${progress.phase}` : 'Starting'}</p>
    </div>
  )
}

const waiting: Record<string, string> = {
  queued: 'Waiting for a backup manager with room for it.',
  assigned: 'A backup manager has the order and begins in a moment.',
  interrupted: 'The node that ran it was lost. It is tried again by itself.',
}

function Figure({ name, value, of }: { name: string; value: string; of?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} {of && <small>of {of}</small>}
      </dd>
    </div>
  )
}

function Ended({ backup }: { backup: Backup }) {
  const now = useNow()
  const { stats } = backup
  const kept = keptWords(backup, now)
  return (
    <div className="running">
      {backup.error && <p className="backup-error">{backup.error}</p>}
      {kept && <p className="drawer-note">{sentence(kept)}.</p>}
      <dl className="figures">
        <Figure name="Data" value={bytes(stats.bytes)} />
        <Figure name="Files" value={stats.files === undefined ? '–' : count(stats.files)} />
        <Figure name="New data stored" value={bytes(stats.new_bytes)} />
        <Figure name="Warnings" value={count(stats.warnings ?? 0)} />
        <Figure name="Took" value={took(backup, now)} />
      </dl>
    </div>
  )
}

function facts(backup: Backup): [string, ReactNode][] {
  const rows: [string, ReactNode][] = [
    ['Task', backup.task || 'none'],
    ['Client', backup.client],
    ['Backup ID', <Code key="id">{backup.id}</Code>],
    ['Node', backup.node ? <NodeLink name={backup.node} /> : '–'],
    ['Storage', backup.storages?.length ? backup.storages.map((name) => <NodeLink key={name} name={name} />) : '–'],
    ['Attempt', backup.attempt > 0 ? String(backup.attempt) : '–'],
    ['Asked for', dateTime(backup.created_at)],
    ['Started', dateTime(backup.started_at)],
    ['Finished', dateTime(backup.finished_at)],
    ['Repository', backup.repository || '–'],
  ]
  return rows
}

function NodeLink({ name }: { name: string }) {
  return (
    <Link to="/nodes" search={{ node: name }} className="plain-link">
      {name}
    </Link>
  )
}

function History({ backup }: { backup: Backup }) {
  const may = useObstacle('events:read')
  const query = { object: [backup.id], sort: '-created_at', limit: 50 }
  const events = useQuery({
    queryKey: keys.top('events', query),
    queryFn: () => must(api.GET('/v1/events', { params: { query } })),
    enabled: may === undefined,
  })
  return (
    <section className="card card-pad">
      <div className="card-head">
        <h2>What happened</h2>
      </div>
      {may !== undefined && <p className="cell-muted">{may}</p>}
      {events.error && <ErrorPanel problem={asProblem(events.error)} onRetry={() => void events.refetch()} />}
      {events.data && <EventList events={events.data.items} loading={events.isPending} />}
    </section>
  )
}
