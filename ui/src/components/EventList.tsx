import type { Event } from '../api/types'
import { actionName, dateTime, timeOfDay } from './format'

/** "user:ada" to "ada", "plan:place" to "plan place". */
export function actor(by: string): string {
  const [kind = '', name = ''] = by.split(':')
  return kind === 'user' ? name : [kind, name].filter(Boolean).join(' ')
}

function refused(event: Event): boolean {
  return event.result !== 'ok'
}

/** What happened, newest first. */
export function EventList({ events, loading }: { events: Event[]; loading: boolean }) {
  if (!loading && events.length === 0) return <p className="cell-muted">Nothing has happened yet.</p>
  return (
    <ul className="events" aria-live="off">
      {events.map((event) => (
        <li key={event.id}>
          <time dateTime={event.created_at} title={dateTime(event.created_at)}>
            {timeOfDay(event.created_at)}
          </time>
          <span className={`live-dot tone-${refused(event) ? 'red' : 'blue'}`} aria-hidden="true" />
          <span>
            {actionName(event.action)} by {actor(event.actor)}
            {refused(event) ? `, refused: ${event.detail || event.result}` : event.detail && `: ${event.detail}`}
          </span>
        </li>
      ))}
    </ul>
  )
}
