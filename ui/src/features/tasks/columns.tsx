import { Link } from '@tanstack/react-router'
import type { Task } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { IconTasks } from '../../components/icons'
import { OriginLink } from '../../components/OriginLink'
import { retentionWords } from '../../components/retention'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, runStates, switchStates } from '../../components/states'
import { sourceWords } from './draft'
import { useLastBackup, useNextRun } from './hooks'

const none = <span className="cell-muted">–</span>

export function SwitchBadge({ task }: { task: Task }) {
  return <StateBadge look={task.enabled ? switchStates.enabled : switchStates.disabled} />
}

/** How the newest backup of a task went, with the way to it. */
export function LastResult({ task, link }: { task: Task; link?: boolean }) {
  const backup = useLastBackup(task)
  if (task.origin !== 'cluster') return <OriginLink origin={task.origin} />
  if (backup === undefined) return null
  if (backup === null) return <span className="cell-muted">never run</span>
  const badge = (
    <>
      <StateBadge look={lookOf(runStates, backup.status)} title={backup.error || undefined} />{' '}
      <span className="cell-muted cell-number">
        <Ago at={backup.finished_at ?? backup.created_at} />
      </span>
    </>
  )
  if (!link) return badge
  return (
    <Link to="/backups/$id" params={{ id: backup.id }} className="quiet-link">
      {badge}
    </Link>
  )
}

export function NextRun({ task }: { task: Task }) {
  const at = useNextRun(task)
  if (!task.schedule) return <span className="cell-muted">by hand</span>
  return at ? <Ago at={at} /> : none
}

/** The columns of the list of tasks. */
export const taskColumns: Column<Task>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(150px, 1.3fr)',
    sort: 'name',
    cell: (task) => (
      <span className="cell-name">
        <IconTasks size={16} stroke={1.6} aria-hidden="true" />
        <span>{task.name}</span>
      </span>
    ),
  },
  { id: 'enabled', title: 'State', width: '96px', sort: 'enabled', cell: (task) => <SwitchBadge task={task} /> },
  { id: 'last', title: 'Last result', width: '188px', cell: (task) => <LastResult task={task} /> },
  { id: 'next', title: 'Next run', width: '92px', cell: (task) => <NextRun task={task} /> },
  { id: 'client', title: 'Client', width: 'minmax(100px, 0.9fr)', sort: 'client', cell: (task) => task.client },
  { id: 'source', title: 'What', width: 'minmax(130px, 1.3fr)', cell: (task) => <span className="cell-mono">{sourceWords(task.source)}</span> },
  { id: 'schedule', title: 'Schedule', width: 'minmax(90px, 0.8fr)', sort: 'schedule', cell: (task) => task.schedule ?? none },
  {
    id: 'retention',
    title: 'Keeps',
    width: 'minmax(110px, 1.1fr)',
    cell: (task) => <span className="cell-muted">{retentionWords(task.retention)}</span>,
  },
]

/** A task on a phone. */
export function TaskCard({ task }: { task: Task }) {
  return (
    <>
      <span className="card-name">{task.name}</span>
      <span>
        <SwitchBadge task={task} />
      </span>
      <span className="card-note">
        <LastResult task={task} />
      </span>
      <span className="card-side">
        <NextRun task={task} />
      </span>
    </>
  )
}
