import { Drawer } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Schedule, Task } from '../../api/types'
import { Action } from '../../components/Action'
import { Ago } from '../../components/Ago'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { Code, Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { dateTime, plural } from '../../components/format'
import { NextRuns } from '../../components/NextRuns'
import { each } from '../../components/notify'
import { missedWords, ScheduleBadge } from './columns'
import { whenWords } from './draft'
import { useChangeSchedules } from './hooks'
import { PauseDialog } from './PauseDialog'

interface Props {
  /** Name or id; "" when the drawer is closed. */
  schedule: string
  onClose: () => void
  onEdit: (schedule: Schedule) => void
  onRemove: (schedule: Schedule) => void
}

/** One schedule by name or id. */
export function useSchedule(schedule: string) {
  return useQuery({
    queryKey: keys.one('schedules', schedule),
    queryFn: () => must(api.GET('/v1/schedules/{schedule}', { params: { path: { schedule } } })),
    enabled: schedule !== '' && schedule !== '?',
  })
}

/** One schedule beside the list. */
export function ScheduleDrawer({ schedule, onClose, onEdit, onRemove }: Props) {
  const query = useSchedule(schedule)
  const data = schedule === '' ? undefined : query.data
  return (
    <Drawer
      opened={schedule !== ''}
      onClose={onClose}
      size={500}
      title={
        <span className="drawer-title">
          {data?.name ?? schedule} {data && <ScheduleBadge schedule={data} />}
        </span>
      }
    >
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {data && <Body key={data.id} schedule={data} onEdit={onEdit} onRemove={onRemove} />}
    </Drawer>
  )
}

const few = 50

function Body({ schedule, onEdit, onRemove }: { schedule: Schedule } & Pick<Props, 'onEdit' | 'onRemove'>) {
  const mayWrite = useObstacle('data:write')
  const mayRun = useObstacle('backups:run')
  const change = useChangeSchedules()
  const [open, setOpen] = useState<'run' | 'pause'>()
  const query = { schedule: [schedule.id], sort: 'name', limit: few }
  const tasks = useQuery({
    queryKey: keys.top('tasks', query),
    queryFn: () => must(api.GET('/v1/tasks', { params: { query } })),
  })
  const bound = tasks.data?.items ?? []
  const ready = bound.filter((task) => task.enabled)
  const close = () => setOpen(undefined)
  return (
    <div className="drawer">
      <div className="drawer-actions">
        <Action variant="filled" onClick={() => setOpen('run')} obstacle={mayRun ?? (ready.length === 0 ? 'No enabled task is bound to it.' : undefined)}>
          Run its tasks now
        </Action>
        <Action onClick={() => onEdit(schedule)} obstacle={mayWrite}>
          Change
        </Action>
        {schedule.paused ? (
          <Action onClick={() => void change([schedule.id], { paused: false }, 'resumed')} obstacle={mayWrite}>
            Resume
          </Action>
        ) : (
          <Action onClick={() => setOpen('pause')} obstacle={mayWrite}>
            Pause
          </Action>
        )}
        <Action onClick={() => void change([schedule.id], { enabled: !schedule.enabled }, schedule.enabled ? 'disabled' : 'enabled')} obstacle={mayWrite}>
          {schedule.enabled ? 'Disable' : 'Enable'}
        </Action>
        <Action variant="subtle" color="danger" onClick={() => onRemove(schedule)} obstacle={mayWrite}>
          Remove…
        </Action>
      </div>
      {schedule.paused && (
        <p className="drawer-reason">
          Paused {schedule.paused_until ? `until ${dateTime(schedule.paused_until)}` : 'until somebody resumes it'}. What is due meanwhile is left out.
        </p>
      )}
      <Details rows={facts(schedule)} />
      <h2>Next runs</h2>
      <NextRuns schedule={schedule.id} />
      <h2>Tasks</h2>
      {tasks.error && <ErrorPanel problem={asProblem(tasks.error)} onRetry={() => void tasks.refetch()} />}
      {tasks.data && <Tasks tasks={bound} total={tasks.data.total} />}
      <PauseDialog schedule={schedule} opened={open === 'pause'} onClose={close} />
      <RunAll tasks={ready} schedule={schedule.name} opened={open === 'run'} onClose={close} />
    </div>
  )
}

function Tasks({ tasks, total }: { tasks: Task[]; total: number }) {
  if (total === 0) return <p className="cell-muted">None is bound to it; a task names its schedule.</p>
  return (
    <p className="links">
      {tasks.map((task) => (
        <Link key={task.id} to="/tasks" search={{ task: task.name }} className={task.enabled ? 'plain-link' : 'plain-link cell-muted'}>
          {task.name}
        </Link>
      ))}
      {total > tasks.length && <span className="cell-muted">and {plural(total - tasks.length, 'other')}</span>}
    </p>
  )
}

function RunAll({ tasks, schedule, opened, onClose }: { tasks: Task[]; schedule: string; opened: boolean; onClose: () => void }) {
  const queries = useQueryClient()
  const confirm = async () => {
    const run = (task: string) => must(api.POST('/v1/backups', { body: { task } }))
    await each(tasks.map((task) => task.name), (n) => `${plural(n, 'backup')} begun.`, run)
    await queries.invalidateQueries({ queryKey: keys.all('backups') })
  }
  return (
    <ConfirmTyped opened={opened} onClose={onClose} title={`Run the tasks of ${schedule} now?`} verb="Run" onConfirm={confirm}>
      <p>{plural(tasks.length, 'enabled task')} of this schedule {tasks.length === 1 ? 'starts' : 'start'} at once, beside what is planned.</p>
    </ConfirmTyped>
  )
}

function facts(schedule: Schedule): [string, ReactNode][] {
  return [
    ['Next run', schedule.next_at ? <Ago key="next" at={schedule.next_at} /> : 'none while it does not run'],
    ['When', schedule.calendar.length > 0 ? whenWords(schedule) : <code key="when">{schedule.cron}</code>],
    ['Time zone', schedule.zone],
    ['Window', schedule.window ? `begun at most ${schedule.window} late` : 'without end'],
    ['Spread over', schedule.jitter || 'nothing, all start at once'],
    ['Missed runs', missedWords(schedule.missed)],
    ['Schedule ID', <Code key="id">{schedule.id}</Code>],
  ]
}
