import type { Schedule } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { IconSchedules } from '../../components/icons'
import { OriginLink } from '../../components/OriginLink'
import { StateBadge } from '../../components/StateBadge'
import { switchStates } from '../../components/states'
import { dateTime, plural } from '../../components/format'
import { whenWords } from './draft'

/** Enabled, paused or disabled. */
export function shownState(schedule: Pick<Schedule, 'enabled' | 'paused'>): keyof typeof switchStates {
  if (!schedule.enabled) return 'disabled'
  return schedule.paused ? 'paused' : 'enabled'
}

export function ScheduleBadge({ schedule }: { schedule: Schedule }) {
  const until = schedule.paused && schedule.paused_until ? `until ${dateTime(schedule.paused_until)}` : undefined
  return <StateBadge look={switchStates[shownState(schedule)]} title={until} />
}

const none = <span className="cell-muted">–</span>

/** What becomes of slots that nobody could start. */
export function missedWords(missed: string): string {
  return missed === 'skip' ? 'left out' : 'made up for once'
}

/** The columns of the list of schedules. */
export const scheduleColumns: Column<Schedule>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(140px, 1.2fr)',
    sort: 'name',
    cell: (schedule) => (
      <span className="cell-name">
        <IconSchedules size={16} stroke={1.6} aria-hidden="true" />
        <span>{schedule.name}</span>
        {schedule.origin !== 'cluster' && <OriginLink origin={schedule.origin} />}
      </span>
    ),
  },
  { id: 'enabled', title: 'State', width: '100px', sort: 'enabled', cell: (schedule) => <ScheduleBadge schedule={schedule} /> },
  { id: 'next', title: 'Next run', width: '92px', cell: (schedule) => (schedule.next_at ? <Ago at={schedule.next_at} /> : none) },
  { id: 'when', title: 'When', width: 'minmax(180px, 2fr)', sort: 'cron', cell: (schedule) => whenWords(schedule) },
  { id: 'zone', title: 'Time zone', width: 'minmax(90px, 0.9fr)', sort: 'zone', cell: (schedule) => schedule.zone },
  { id: 'window', title: 'Window', width: '86px', cell: (schedule) => schedule.window || none },
  { id: 'missed', title: 'Missed runs', width: 'minmax(110px, 0.8fr)', cell: (schedule) => <span className="cell-muted">{missedWords(schedule.missed)}</span> },
  { id: 'tasks', title: 'Tasks', width: '64px', cell: (schedule) => <span className="cell-number">{schedule.tasks}</span> },
]

/** A schedule on a phone. */
export function ScheduleCard({ schedule }: { schedule: Schedule }) {
  return (
    <>
      <span className="card-name">{schedule.name}</span>
      <span>
        <ScheduleBadge schedule={schedule} />
      </span>
      <span className="card-note">
        {whenWords(schedule)}, {plural(schedule.tasks, 'task')}
      </span>
      <span className="card-side">{schedule.next_at && <Ago at={schedule.next_at} />}</span>
    </>
  )
}
