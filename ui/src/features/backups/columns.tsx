import type { Backup } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { bytes, count } from '../../components/format'
import { useNow } from '../../components/hooks'
import { Progress } from '../../components/Meter'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, runStates } from '../../components/states'
import { fraction, progressWords, titleOf, took } from '../../components/run'

export function RunBadge({ backup }: { backup: Pick<Backup, 'status' | 'error'> }) {
  return <StateBadge look={lookOf(runStates, backup.status)} title={backup.error || undefined} />
}

function Took({ backup }: { backup: Backup }) {
  return <>{took(backup, useNow())}</>
}

/** How far it is while it runs, how much it was afterwards. */
export function Result({ backup }: { backup: Backup }) {
  if (backup.status === 'running') {
    return (
      <span className="cell-progress">
        <Progress label={`Progress of ${titleOf(backup)}`} value={fraction(backup.progress)} />
        {progressWords(backup.progress) || 'Starting'}
      </span>
    )
  }
  if (backup.error) return <span className="cell-error">{backup.error}</span>
  if (backup.stats.bytes === undefined || backup.status === 'deleted') return <span className="cell-muted">–</span>
  return (
    <span className="cell-number">
      {bytes(backup.stats.bytes)}, {count(backup.stats.files ?? 0)} files
    </span>
  )
}

/** The columns of the list of backups. */
export const backupColumns: Column<Backup>[] = [
  {
    id: 'task',
    title: 'Task',
    width: 'minmax(130px, 1.2fr)',
    sort: 'task',
    cell: (backup) => (
      <span className="cell-name">
        <span>{titleOf(backup)}</span>
      </span>
    ),
  },
  { id: 'status', title: 'Status', width: '116px', sort: 'status', cell: (backup) => <RunBadge backup={backup} /> },
  { id: 'result', title: 'Result', width: 'minmax(190px, 1.7fr)', sort: 'bytes', cell: (backup) => <Result backup={backup} /> },
  { id: 'client', title: 'Client', width: 'minmax(90px, 0.9fr)', sort: 'client', cell: (backup) => backup.client },
  { id: 'node', title: 'Node', width: 'minmax(90px, 0.9fr)', sort: 'node', cell: (backup) => backup.node || <span className="cell-muted">–</span> },
  {
    id: 'started',
    title: 'Started',
    width: '96px',
    sort: 'created_at',
    cell: (backup) => (
      <span className="cell-muted cell-number">
        <Ago at={backup.started_at ?? backup.created_at} />
      </span>
    ),
  },
  {
    id: 'took',
    title: 'Took',
    width: '96px',
    cell: (backup) => (
      <span className="cell-muted cell-number">
        <Took backup={backup} />
      </span>
    ),
  },
  { id: 'id', title: 'ID', width: 'minmax(110px, 0.8fr)', cell: (backup) => <span className="cell-mono">{backup.id}</span> },
]

/** A backup on a phone. */
export function BackupCard({ backup }: { backup: Backup }) {
  return (
    <>
      <span className="card-name">{titleOf(backup)}</span>
      <span>
        <RunBadge backup={backup} />
      </span>
      <span className="card-note">
        {backup.status === 'running' ? progressWords(backup.progress) : backup.error || `${backup.client}, ${bytes(backup.stats.bytes)}`}
      </span>
      <span className="card-side">
        <Ago at={backup.started_at ?? backup.created_at} />
      </span>
    </>
  )
}
