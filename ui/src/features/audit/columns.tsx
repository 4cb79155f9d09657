import type { Event } from '../../api/types'
import type { Column } from '../../components/DataGrid'
import { actor } from '../../components/EventList'
import { actionName, dateTime } from '../../components/format'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, resultStates } from '../../components/states'

export function ResultBadge({ event }: { event: Event }) {
  const { result } = event
  return <StateBadge look={result === 'ok' ? lookOf(resultStates, 'ok') : { ...resultStates.refused, word: refusal(result) }} />
}

/** "not_found" to "Not found". */
function refusal(code: string): string {
  return code.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase())
}

/** To what something was done, as people know it. */
export function objectWords({ object }: Pick<Event, 'object'>): string {
  return object.name || object.id || object.kind || '–'
}

/** The columns of the audit log. */
export const auditColumns: Column<Event>[] = [
  { id: 'at', title: 'When', width: '164px', sort: 'created_at', cell: (event) => <span className="cell-number">{dateTime(event.created_at)}</span> },
  { id: 'by', title: 'Who', width: 'minmax(120px, 1fr)', sort: 'by', cell: (event) => actor(event.actor) },
  { id: 'action', title: 'What', width: 'minmax(150px, 1fr)', sort: 'action', cell: (event) => <b>{actionName(event.action)}</b> },
  { id: 'object', title: 'To', width: 'minmax(150px, 1.3fr)', cell: (event) => objectWords(event) },
  { id: 'result', title: 'Result', width: '124px', cell: (event) => <ResultBadge event={event} /> },
  { id: 'detail', title: 'Detail', width: 'minmax(160px, 2fr)', cell: (event) => <span className="cell-muted" title={event.detail}>{event.detail || '–'}</span> },
]

/** An event on a phone. */
export function EventCard({ event }: { event: Event }) {
  return (
    <>
      <span className="card-name">
        {actionName(event.action)}: {objectWords(event)}
      </span>
      <span>
        <ResultBadge event={event} />
      </span>
      <span className="card-note">
        {actor(event.actor)}
        {event.detail && `, ${event.detail}`}
      </span>
      <span className="card-side">{dateTime(event.created_at)}</span>
    </>
  )
}
