import { Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { asProblem, type Problem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Event } from '../../api/types'
import { Action } from '../../components/Action'
import { DataGrid } from '../../components/DataGrid'
import { DayFilter } from '../../components/DayFilter'
import { dayRange } from '../../components/days'
import { Code, Details } from '../../components/Details'
import { Empty } from '../../components/Empty'
import { ErrorPanel } from '../../components/ErrorPanel'
import { actor } from '../../components/EventList'
import { Filter, FilterBar } from '../../components/FilterBar'
import { actionName, count, dateTime, sentence } from '../../components/format'
import { IconCheck, IconX } from '../../components/icons'
import { useUserNames } from '../../components/names'
import { Page } from '../../components/Page'
import { useSearchState } from '../../components/useSearchState'
import { auditColumns, EventCard, objectWords, ResultBadge } from './columns'
import { auditSearch, kinds, results } from './search'

interface Params {
  q?: string
  by?: string[]
  kind?: string[]
  action?: string[]
  result?: string[]
  object?: string[]
  from?: string[]
  to?: string[]
  sort: string
}

const listing: Listing<Event, Params> = {
  noun: 'events',
  fetch: (query) => must(api.GET('/v1/events', { params: { query } })),
  matches: (e, p) =>
    anyOf(p.by, e.by) &&
    anyOf(p.kind, e.object.kind) &&
    anyOf(p.action, e.action) &&
    anyOf(p.result, e.result) &&
    anyOf(p.object, e.object.id) &&
    hasText(p.q, e.actor, e.action, e.object.name, e.object.id, e.detail),
  moves: () => false,
}

const clean = { q: '', by: [], kind: [], action: [], result: [], object: [], from: '', to: '' }

/** The audit trail: who did what, when, and what was refused. */
export function AuditPage() {
  const [search, setSearch] = useSearchState(auditSearch)
  const { q, by, kind, action, result, object, from, to, sort } = search
  const params = useMemo(
    () => ({ q: q || undefined, by, kind, action, result, object, ...dayRange(from, to), sort }),
    [q, by, kind, action, result, object, from, to, sort],
  )
  const list = useList(listing, params)
  const live = useLiveWord()
  const users = useUserNames(useObstacle('users:read') === undefined)
  const filtered = q !== '' || from !== '' || to !== '' || [by, kind, action, result, object].some((values) => values.length > 0)
  return (
    <Page title="Audit log" note={`Who did what, ${live}`} actions={<Verify />} fills>
      <div className="card card-fills">
        <FilterBar hint="Who, what or to which object" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={() => setSearch(clean)}>
          <Filter
            name="Who"
            values={by}
            choices={users.map(({ value, label }) => ({ value: `user:${value}`, label }))}
            onChange={(values) => setSearch({ by: values })}
          />
          {action.length > 0 && (
            <Filter name="What" values={action} choices={action.map((value) => ({ value, label: actionName(value) }))} onChange={(values) => setSearch({ action: values })} />
          )}
          <Filter name="To" values={kind} choices={kinds.map((value) => ({ value, label: sentence(value) }))} onChange={(values) => setSearch({ kind: values })} />
          <Filter
            name="Result"
            values={result}
            choices={results.map((value) => ({ value, label: sentence(value.replaceAll('_', ' ')) }))}
            onChange={(values) => setSearch({ result: values })}
          />
          {object.length > 0 && <Filter name="Object" values={object} choices={[]} onChange={(values) => setSearch({ object: values })} />}
          <DayFilter from={from} to={to} onChange={(days) => setSearch(days)} />
        </FilterBar>
        <DataGrid
          noun="event"
          list={list}
          columns={auditColumns}
          card={(event) => <EventCard event={event} />}
          nameOf={(event) => actionName(event.action)}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          onOpen={(event) => setSearch({ event: event.id }, { push: true })}
          opened={search.event || undefined}
          filtered={filtered}
          onClear={() => setSearch(clean)}
          empty={<Empty title="Nothing has happened yet" />}
        />
      </div>
      <EventDrawer
        event={search.event}
        onClose={() => setSearch({ event: '' }, { push: true })}
        onFilter={(change) => setSearch({ ...clean, ...change, event: '' }, { push: true })}
      />
    </Page>
  )
}

/** Asks whether every row of the trail still fits to the one before. */
function Verify() {
  const may = useObstacle('events:read')
  const [answer, setAnswer] = useState<{ intact: boolean; events: number; broken: string | null }>()
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const verify = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      setAnswer(await must(api.GET('/v1/events/verify')))
    } catch (thrown) {
      setProblem(asProblem(thrown))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      {problem && <ErrorPanel problem={problem} />}
      {answer && (
        <p className={`may-answer tone-${answer.intact ? 'green' : 'red'}`} role="status">
          {answer.intact ? <IconCheck size={16} aria-hidden="true" /> : <IconX size={16} aria-hidden="true" />}
          <span>{answer.intact ? `All ${count(answer.events)} rows are as they were written.` : `Row ${answer.broken} was changed, or one before it is gone.`}</span>
        </p>
      )}
      <Action onClick={() => void verify()} loading={busy} obstacle={may}>
        Verify the chain
      </Action>
    </>
  )
}

interface DrawerProps {
  event: string
  onClose: () => void
  onFilter: (change: { by?: string[]; action?: string[]; object?: string[] }) => void
}

function EventDrawer({ event: id, onClose, onFilter }: DrawerProps) {
  const query = useQuery({
    queryKey: keys.one('events', id),
    queryFn: () => must(api.GET('/v1/events/{event}', { params: { path: { event: id } } })),
    enabled: id !== '',
  })
  const event = id === '' ? undefined : query.data
  return (
    <Drawer opened={id !== ''} onClose={onClose} size={500} title={<span className="drawer-title">{event && <>{actionName(event.action)} <ResultBadge event={event} /></>}</span>}>
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {event && (
        <div className="drawer">
          <div className="drawer-actions">
            <Action onClick={() => onFilter({ by: [event.by] })}>All by {actor(event.actor)}</Action>
            {event.object.id !== '' && <Action onClick={() => onFilter({ object: [event.object.id] })}>All about this object</Action>}
            <Action onClick={() => onFilter({ action: [event.action] })}>All of this kind</Action>
          </div>
          {event.detail && <p className={event.result === 'ok' ? undefined : 'drawer-reason'}>{sentence(event.detail)}</p>}
          <Details
            rows={[
              ['When', dateTime(event.created_at)],
              ['Who', event.actor],
              ['What', <code key="action">{event.action}</code>],
              ['To', `${objectWords(event)}${event.object.kind ? ` (${event.object.kind})` : ''}`],
              ...(event.object.id ? [['Object ID', <Code key="object">{event.object.id}</Code>] as [string, React.ReactNode]] : []),
              ['Result', event.result],
              ['Request', event.request_id ? <Code key="request">{event.request_id}</Code> : '–'],
              ['Event ID', <Code key="id">{event.id}</Code>],
            ]}
          />
        </div>
      )}
    </Drawer>
  )
}
