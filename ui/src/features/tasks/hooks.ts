import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, must } from '../../api/client'
import { live } from '../../api/live'
import { keys } from '../../api/queries'
import type { Backup, Task } from '../../api/types'
import { useSchedules } from '../../components/names'
import { plural } from '../../components/format'
import { each } from '../../components/notify'

const lastKey = (task: string) => ['backups', 'last', task] as const

/** The newest backup of a task; null when it has none. Asked for once, and then kept by the stream. */
export function useLastBackup({ name, origin }: Pick<Task, 'name' | 'origin'>): Backup | null | undefined {
  const query = { task: [name], sort: '-created_at', limit: 1 }
  return useQuery({
    queryKey: lastKey(name),
    enabled: origin === 'cluster', // what a SEP sesam server runs is among the objects of the server
    queryFn: async () => (await must(api.GET('/v1/backups', { params: { query } }))).items[0] ?? null,
    staleTime: 300_000,
  }).data
}

/** Whether the one takes the place of the other as the newest of its task. */
export function newer(before: Backup | null | undefined, after: Backup): boolean {
  return !before || after.id === before.id || after.created_at > before.created_at
}

/** Keeps the newest backups of tasks as the stream tells of them. */
export function useFollowLast() {
  const client = useQueryClient()
  useEffect(
    () =>
      live.onChanges((batch) => {
        for (const change of batch) {
          if (change.topic !== 'backups' || change.kind !== 'changed') continue
          const backup = change.object as Backup
          client.setQueryData<Backup | null>(lastKey(backup.task), (was) => (was !== undefined && newer(was, backup) ? backup : was))
        }
      }),
    [client],
  )
}

/** When the schedule of a task is due next. */
export function useNextRun(task: Task): string | null | undefined {
  const schedules = useSchedules().data?.items
  if (!task.schedule || !task.enabled) return null
  return schedules?.find((schedule) => schedule.name === task.schedule)?.next_at
}

/** Switches tasks on or off; gives the ids of those with which it failed. */
export function useSwitch() {
  const client = useQueryClient()
  return async (tasks: Task[], enabled: boolean): Promise<string[]> => {
    const ids = tasks.filter((task) => task.enabled !== enabled).map((task) => task.id)
    const failed = await each(
      ids,
      (n) => `${plural(n, 'task')} ${enabled ? 'enabled' : 'disabled'}.`,
      (task) => must(api.PATCH('/v1/tasks/{task}', { params: { path: { task } }, body: { enabled } })),
    )
    await client.invalidateQueries({ queryKey: keys.all('tasks') })
    return failed
  }
}

/** Runs tasks now; gives the ids of those with which it failed. */
export function useRun() {
  const client = useQueryClient()
  return async (tasks: string[]): Promise<string[]> => {
    const failed = await each(tasks, (n) => `${plural(n, 'backup')} begun.`, (task) => must(api.POST('/v1/backups', { body: { task } })))
    await client.invalidateQueries({ queryKey: keys.all('backups') })
    return failed
  }
}
