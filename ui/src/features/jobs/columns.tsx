import type { Job } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { JobBadge } from '../../components/JobView'
import { kindWords, outcome, whatOf, whereTo } from '../../components/jobs'
import { Progress } from '../../components/Meter'
import { fraction, isLive, progressWords } from '../../components/run'

/** How far it is while it runs, what came of it afterwards. */
function Result({ job }: { job: Job }) {
  if (job.status === 'running') {
    return (
      <span className="cell-progress">
        <Progress label={`Progress of ${kindWords(job)} ${job.id}`} value={fraction(job.progress)} />
        {progressWords(job.progress) || 'Starting'}
      </span>
    )
  }
  if (isLive(job.status)) return <span className="cell-muted">waiting</span>
  return <span className={job.error ? 'cell-error' : undefined}>{outcome(job)}</span>
}

const client: Column<Job> = { id: 'client', title: 'Client', width: 'minmax(90px, 0.8fr)', cell: (job) => <b>{job.client || job.repository}</b> }
const status: Column<Job> = { id: 'status', title: 'Status', width: '116px', sort: 'status', cell: (job) => <JobBadge job={job} /> }
const result: Column<Job> = { id: 'result', title: 'Result', width: 'minmax(220px, 2fr)', cell: (job) => <Result job={job} /> }
const tail: Column<Job>[] = [
  { id: 'node', title: 'Node', width: 'minmax(90px, 0.8fr)', sort: 'node', cell: (job) => job.node || job.wanted_node || <span className="cell-muted">any</span> },
  { id: 'by', title: 'Asked for by', width: 'minmax(90px, 0.7fr)', cell: (job) => <span className="cell-muted">{job.by.replace(/^user:/, '')}</span> },
  {
    id: 'created',
    title: 'Asked for',
    width: '92px',
    sort: 'created_at',
    cell: (job) => (
      <span className="cell-muted cell-number">
        <Ago at={job.created_at} />
      </span>
    ),
  },
]

/** The columns of a list of restores. */
export const restoreColumns: Column<Job>[] = [
  client,
  status,
  { id: 'what', title: 'What', width: 'minmax(130px, 1.2fr)', cell: (job) => <span className="cell-mono">{whatOf(job)}</span> },
  { id: 'to', title: 'Where to', width: 'minmax(120px, 1fr)', cell: (job) => (job.dry_run ? 'only tried' : <span className="cell-mono">{whereTo(job)}</span>) },
  result,
  ...tail,
]

/** The columns of a list of drills or verifications. */
export const proofColumns: Column<Job>[] = [client, status, { ...result, title: 'What was proved' }, ...tail]

/** A job on a phone. */
export function JobCard({ job }: { job: Job }) {
  return (
    <>
      <span className="card-name">{job.kind === 'restore' ? `${job.client}: ${whatOf(job)}` : job.client || job.repository}</span>
      <span>
        <JobBadge job={job} />
      </span>
      <span className="card-note">{isLive(job.status) ? progressWords(job.progress) || 'waiting' : outcome(job)}</span>
      <span className="card-side">
        <Ago at={job.created_at} />
      </span>
    </>
  )
}
