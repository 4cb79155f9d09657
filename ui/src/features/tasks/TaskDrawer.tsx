import { Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Task } from '../../api/types'
import { AccessList } from '../../components/AccessList'
import { Action } from '../../components/Action'
import { Code, Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { bytes } from '../../components/format'
import { NextRuns } from '../../components/NextRuns'
import { retentionWords } from '../../components/retention'
import { LastResult, NextRun, SwitchBadge } from './columns'
import { sourceWords } from './draft'
import { useRun, useSwitch } from './hooks'
import { KeptList } from './RetentionPreview'

interface Props {
  /** Name or id; "" when the drawer is closed. */
  task: string
  onClose: () => void
  onEdit: (task: Task) => void
  onRemove: (task: Task) => void
}

/** One task beside the list. */
export function TaskDrawer({ task, onClose, onEdit, onRemove }: Props) {
  const query = useTask(task)
  const data = task === '' ? undefined : query.data
  return (
    <Drawer
      opened={task !== ''}
      onClose={onClose}
      size={520}
      title={
        <span className="drawer-title">
          {data?.name ?? task} {data && <SwitchBadge task={data} />}
        </span>
      }
    >
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {data && <Body key={data.id} task={data} onEdit={onEdit} onRemove={onRemove} />}
    </Drawer>
  )
}

/** One task by name or id. */
export function useTask(task: string) {
  return useQuery({
    queryKey: keys.one('tasks', task),
    queryFn: () => must(api.GET('/v1/tasks/{task}', { params: { path: { task } } })),
    enabled: task !== '' && task !== '?',
  })
}

function Body({ task, onEdit, onRemove }: { task: Task } & Pick<Props, 'onEdit' | 'onRemove'>) {
  const mayWrite = useObstacle('data:write')
  const mayRun = useObstacle('backups:run')
  const run = useRun()
  const flip = useSwitch()
  return (
    <div className="drawer">
      <div className="drawer-actions">
        <Action variant="filled" onClick={() => void run([task.name])} obstacle={mayRun}>
          Run now
        </Action>
        <Action onClick={() => onEdit(task)} obstacle={mayWrite}>
          Change
        </Action>
        <Action onClick={() => void flip([task], !task.enabled)} obstacle={mayWrite}>
          {task.enabled ? 'Disable' : 'Enable'}
        </Action>
        <Action variant="subtle" color="danger" onClick={() => onRemove(task)} obstacle={mayWrite}>
          Remove…
        </Action>
        <Link to="/backups" search={{ task: task.name }} className="drawer-link">
          Its backups
        </Link>
      </div>
      <Details rows={facts(task)} />
      {task.schedule && (
        <>
          <h2>Next runs</h2>
          <NextRuns schedule={task.schedule} />
        </>
      )}
      <h2>What is kept, and why</h2>
      <KeptList task={task.id} retention={task.retention} />
      <AccessList kind="tasks" object={task} right="backups:run" />
    </div>
  )
}

function facts(task: Task): [string, ReactNode][] {
  const rows: [string, ReactNode][] = [
    ['Last result', <LastResult key="last" task={task} link />],
    ['Next run', <NextRun key="next" task={task} />],
    ['Client', <Link key="client" to="/clients" search={{ client: task.client }} className="plain-link">{task.client}</Link>],
    ['Backs up', <code key="source">{sourceWords(task.source)}</code>],
  ]
  if (task.source.exclude?.length) rows.push(['Without', <code key="exclude">{task.source.exclude.join(', ')}</code>])
  rows.push(
    ['Schedule', task.schedule ? <Link key="schedule" to="/schedules" search={{ schedule: task.schedule }} className="plain-link">{task.schedule}</Link> : 'started by hand'],
    ['Keeps', retentionWords(task.retention)],
    ['Runs on', task.nodes.join(', ') || 'any backup manager'],
    ['Priority', String(task.priority)],
    ['Attempts', task.retry.attempts > 1 ? `${task.retry.attempts}, ${task.retry.pause || '1m'} apart and doubling` : 'one'],
    ['At most', task.max_runtime || 'without end'],
  )
  if (task.bandwidth.length > 0) {
    rows.push(['Bandwidth', task.bandwidth.map((b) => `${bytes(b.rate)}/s${b.from ? ` from ${b.from} to ${b.to}` : ''}`).join(', ')])
  }
  if (task.pre.length > 0) rows.push(['Before', <code key="pre">{task.pre.join(' ')}</code>])
  if (task.post.length > 0) rows.push(['After', <code key="post">{task.post.join(' ')}</code>])
  rows.push(['Task ID', <Code key="id">{task.id}</Code>])
  return rows
}
