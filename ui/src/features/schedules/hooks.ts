import { useQueryClient } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import { plural } from '../../components/format'
import { each } from '../../components/notify'

interface Change {
  enabled?: boolean
  paused?: boolean
  paused_until?: string
}

/** Changes schedules in the same way; gives the ids of those with which it failed. */
export function useChangeSchedules() {
  const client = useQueryClient()
  return async (ids: string[], body: Change, done: string): Promise<string[]> => {
    const failed = await each(
      ids,
      (n) => `${plural(n, 'schedule')} ${done}.`,
      (schedule) => must(api.PATCH('/v1/schedules/{schedule}', { params: { path: { schedule } }, body })),
    )
    await client.invalidateQueries({ queryKey: keys.all('schedules') })
    return failed
  }
}
