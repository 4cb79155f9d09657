import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, thenByName, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { useObstacle } from '../../api/session'
import type { Schedule } from '../../api/types'
import { Action } from '../../components/Action'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid } from '../../components/DataGrid'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar } from '../../components/FilterBar'
import { IconPlus } from '../../components/icons'
import { Page } from '../../components/Page'
import { RemoveDialog } from '../../components/RemoveDialog'
import { useSearchState } from '../../components/useSearchState'
import { ScheduleCard, scheduleColumns } from './columns'
import { useChangeSchedules } from './hooks'
import { ScheduleDrawer } from './ScheduleDrawer'
import { ScheduleFormDrawer } from './ScheduleForm'
import { scheduleSearch, switches } from './search'
import './schedules.css'

interface Params {
  q?: string
  enabled?: string[]
  sort: string
}

const listing: Listing<Schedule, Params> = {
  noun: 'schedules',
  fetch: (query) => must(api.GET('/v1/schedules', { params: { query } })),
  matches: (schedule, p) => anyOf(p.enabled, String(schedule.enabled)) && hasText(p.q, schedule.name, schedule.id, schedule.cron, schedule.zone),
  moves: (a, b) => a.name !== b.name || a.enabled !== b.enabled || a.cron !== b.cron || a.zone !== b.zone,
}

const nobody: ReadonlySet<string> = new Set()

/** When tasks are started by themselves. */
export function SchedulesPage() {
  const [search, setSearch] = useSearchState(scheduleSearch)
  const { q, enabled, sort } = search
  const params = useMemo(() => ({ q: q || undefined, enabled, sort: thenByName(sort) }), [q, enabled, sort])
  const list = useList(listing, params)
  const [selected, setSelected] = useState(nobody)
  const [removing, setRemoving] = useState<Schedule[]>([])
  const mayWrite = useObstacle('data:write')
  const change = useChangeSchedules()
  const live = useLiveWord()
  const filtered = q !== '' || enabled.length > 0
  const clear = () => setSearch({ q: '', enabled: [] })
  const keep = (failed: string[]) => setSelected(new Set(failed))
  const add = () => setSearch({ edit: '?', schedule: '' }, { push: true })
  const ids = [...selected]

  return (
    <Page
      title="Schedules"
      note={`When tasks start by themselves, ${live}`}
      actions={
        <Action variant="filled" leftSection={<IconPlus size={16} />} onClick={add} obstacle={mayWrite}>
          New schedule
        </Action>
      }
      fills
    >
      <div className="card card-fills">
        <FilterBar hint="Name, time or zone" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <Filter
            name="State"
            values={enabled}
            choices={switches.map((value) => ({ value, label: value === 'true' ? 'Enabled' : 'Disabled' }))}
            onChange={(values) => setSearch({ enabled: switches.filter((s) => values.includes(s)) })}
          />
        </FilterBar>
        <DataGrid
          noun="schedule"
          list={list}
          columns={scheduleColumns}
          card={(schedule) => <ScheduleCard schedule={schedule} />}
          nameOf={(schedule) => schedule.name}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(schedule) => setSearch({ schedule: schedule.name }, { push: true })}
          opened={list.rows.find((schedule) => schedule.name === search.schedule || schedule.id === search.schedule)?.id}
          filtered={filtered}
          onClear={clear}
          empty={
            <Empty title="No schedules yet" action="New schedule" onAction={add} obstacle={mayWrite}>
              A schedule says when the tasks bound to it start by themselves.
            </Empty>
          }
        />
        <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
          <BulkAction onClick={() => void change(ids, { enabled: true }, 'enabled').then(keep)} obstacle={mayWrite}>
            Enable
          </BulkAction>
          <BulkAction onClick={() => void change(ids, { enabled: false }, 'disabled').then(keep)} obstacle={mayWrite}>
            Disable
          </BulkAction>
          <BulkAction danger onClick={() => setRemoving(list.rows.filter((schedule) => selected.has(schedule.id)))} obstacle={mayWrite}>
            Remove
          </BulkAction>
        </BulkBar>
      </div>
      <ScheduleDrawer
        schedule={search.edit === '' ? search.schedule : ''}
        onClose={() => setSearch({ schedule: '' }, { push: true })}
        onEdit={(schedule) => setSearch({ edit: schedule.name }, { push: true })}
        onRemove={(schedule) => {
          setRemoving([schedule])
          setSearch({ schedule: '' }) // what goes is not asked for again
        }}
      />
      <ScheduleFormDrawer schedule={search.edit} onClose={(name) => setSearch({ edit: '', schedule: name ?? search.schedule }, { push: true })} />
      <RemoveDialog
        noun="schedules"
        one="schedule"
        things={removing}
        remove={(schedule) => must(api.DELETE('/v1/schedules/{schedule}', { params: { path: { schedule } } }))}
        onClose={() => setRemoving([])}
        onDone={keep}
      >
        <p>Only a schedule that no task uses can be removed. To stop its tasks for a while, pause it instead.</p>
      </RemoveDialog>
    </Page>
  )
}
