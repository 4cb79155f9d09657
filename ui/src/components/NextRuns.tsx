import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { api, must } from '../api/client'
import { asProblem } from '../api/problem'
import { keys } from '../api/queries'
import type { ScheduleInput, Slots } from '../api/types'
import { ErrorPanel } from './ErrorPanel'
import { ago, plural } from './format'
import { useNow } from './hooks'

const many = { count: 10 }

/** The next ten slots of a schedule, and what else is started then. */
export function NextRuns({ schedule }: { schedule: string }) {
  const slots = useQuery({
    queryKey: [...keys.one('schedules', schedule), 'next'],
    queryFn: () => must(api.GET('/v1/schedules/{schedule}/next', { params: { path: { schedule }, query: many } })),
    refetchInterval: 60_000,
  })
  return <SlotList slots={slots} />
}

/** The same of a schedule that is being written. Nothing is changed by it. */
export function PreviewRuns({ input }: { input: ScheduleInput }) {
  const [body] = useDebouncedValue(input, 300)
  const slots = useQuery({
    queryKey: ['schedules', 'preview', body],
    queryFn: () => must(api.POST('/v1/schedules/preview', { params: { query: many }, body })),
    placeholderData: keepPreviousData,
    retry: false,
  })
  return <SlotList slots={slots} />
}

const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' })

/** "Sat, 28 Nov 02:30" of a moment as it is written in the zone of the schedule. */
export function slotTime(local: string): string {
  const [date = '', time = ''] = local.split('T')
  const at = Date.parse(`${date}T00:00:00Z`)
  return Number.isNaN(at) ? local : `${day.format(at)}, ${time.slice(0, 5)}`
}

function SlotList({ slots }: { slots: UseQueryResult<Slots> }) {
  const now = useNow()
  if (slots.error) {
    const problem = asProblem(slots.error)
    if (problem.status === 422) return <p className="cell-muted">The next runs are shown once it is complete.</p>
    return <ErrorPanel problem={problem} onRetry={() => void slots.refetch()} />
  }
  if (!slots.data) return <p className="cell-muted">Working out the next runs…</p>
  if (slots.data.items.length === 0) return <p className="cell-muted">It never comes: no slot in the next years.</p>
  return (
    <ol className="slots" aria-label="Next runs">
      {slots.data.items.map((slot) => (
        <li key={slot.at}>
          <time dateTime={slot.at}>{slotTime(slot.local)}</time>
          <span className="cell-muted">{ago(slot.at, now)}</span>
          {slot.others > 0 && (
            <span className="slot-others" title={slot.tasks.join(', ')}>
              with {plural(slot.others, 'other task')}
            </span>
          )}
        </li>
      ))}
    </ol>
  )
}
