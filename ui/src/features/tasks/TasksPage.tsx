import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, thenByName, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { useObstacle, useStats } from '../../api/session'
import type { Task } from '../../api/types'
import { Action } from '../../components/Action'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid } from '../../components/DataGrid'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar } from '../../components/FilterBar'
import { plural } from '../../components/format'
import { IconPlus } from '../../components/icons'
import { useClientNames, useScheduleNames } from '../../components/names'
import { Page } from '../../components/Page'
import { RemoveDialog } from '../../components/RemoveDialog'
import { useSearchState } from '../../components/useSearchState'
import { TaskCard, taskColumns } from './columns'
import { useFollowLast, useRun, useSwitch } from './hooks'
import { switches, taskSearch } from './search'
import { TaskDrawer } from './TaskDrawer'
import { TaskFormDrawer } from './TaskForm'
import './tasks.css'

interface Params {
  q?: string
  enabled?: string[]
  client?: string[]
  schedule?: string[]
  sort: string
}

const listing: Listing<Task, Params> = {
  noun: 'tasks',
  fetch: (query) => must(api.GET('/v1/tasks', { params: { query } })),
  matches: (task, p) =>
    anyOf(p.enabled, String(task.enabled)) &&
    anyOf(p.client, task.client) &&
    anyOf(p.schedule, task.schedule ?? '') &&
    hasText(p.q, task.name, task.id, task.client),
  moves: (a, b) => a.name !== b.name || a.enabled !== b.enabled || a.schedule !== b.schedule || a.priority !== b.priority,
}

const nobody: ReadonlySet<string> = new Set()

/** What is backed up, when, and for how long it is kept. */
export function TasksPage() {
  const [search, setSearch] = useSearchState(taskSearch)
  const { q, enabled, client, schedule, sort } = search
  const params = useMemo(() => ({ q: q || undefined, enabled, client, schedule, sort: thenByName(sort) }), [q, enabled, client, schedule, sort])
  const list = useList(listing, params)
  const [selected, setSelected] = useState(nobody)
  const [removing, setRemoving] = useState<Task[]>([])
  const mayWrite = useObstacle('data:write')
  const mayRun = useObstacle('backups:run')
  const flip = useSwitch()
  const run = useRun()
  useFollowLast()
  const stats = useStats().data
  const live = useLiveWord()
  const filtered = q !== '' || [enabled, client, schedule].some((values) => values.length > 0)
  const clear = () => setSearch({ q: '', enabled: [], client: [], schedule: [] })
  const chosen = list.rows.filter((task) => selected.has(task.id))
  const keep = (failed: string[]) => setSelected(new Set(failed))
  const add = () => setSearch({ edit: '?', task: '' }, { push: true })

  return (
    <Page
      title="Tasks"
      note={stats ? `${plural(stats.tasks, 'task')}, ${live}` : ''}
      actions={
        <Action variant="filled" leftSection={<IconPlus size={16} />} onClick={add} obstacle={mayWrite}>
          New task
        </Action>
      }
      fills
    >
      <div className="card card-fills">
        <FilterBar hint="Name, client or ID" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <Filter
            name="State"
            values={enabled}
            choices={switches.map((value) => ({ value, label: value === 'true' ? 'Enabled' : 'Disabled' }))}
            onChange={(values) => setSearch({ enabled: switches.filter((s) => values.includes(s)) })}
          />
          <Filter name="Client" values={client} choices={useClientNames()} onChange={(values) => setSearch({ client: values })} />
          <Filter name="Schedule" values={schedule} choices={useScheduleNames()} onChange={(values) => setSearch({ schedule: values })} />
        </FilterBar>
        <DataGrid
          noun="task"
          list={list}
          columns={taskColumns}
          card={(task) => <TaskCard task={task} />}
          nameOf={(task) => task.name}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(task) => setSearch({ task: task.name }, { push: true })}
          opened={list.rows.find((task) => task.name === search.task || task.id === search.task)?.id}
          filtered={filtered}
          onClear={clear}
          empty={
            <Empty title="No tasks yet" action="New task" onAction={add} obstacle={mayWrite}>
              A task says what of which client is backed up, when, and for how long that is kept.
            </Empty>
          }
        />
        <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
          <BulkAction onClick={() => void run(chosen.map((task) => task.name)).then(() => setSelected(nobody))} obstacle={mayRun}>
            Run now
          </BulkAction>
          <BulkAction onClick={() => void flip(chosen, true).then(keep)} obstacle={mayWrite}>
            Enable
          </BulkAction>
          <BulkAction onClick={() => void flip(chosen, false).then(keep)} obstacle={mayWrite}>
            Disable
          </BulkAction>
          <BulkAction danger onClick={() => setRemoving(chosen)} obstacle={mayWrite}>
            Remove
          </BulkAction>
        </BulkBar>
      </div>
      <TaskDrawer
        task={search.edit === '' ? search.task : ''}
        onClose={() => setSearch({ task: '' }, { push: true })}
        onEdit={(task) => setSearch({ edit: task.name }, { push: true })}
        onRemove={(task) => {
          setRemoving([task])
          setSearch({ task: '' }) // what goes is not asked for again
        }}
      />
      <TaskFormDrawer task={search.edit} onClose={(name) => setSearch({ edit: '', task: name ?? search.task }, { push: true })} />
      <RemoveDialog
        noun="tasks"
        one="task"
        things={removing}
        remove={(task) => must(api.DELETE('/v1/tasks/{task}', { params: { path: { task } } }))}
        onClose={() => setRemoving([])}
        onDone={keep}
      >
        <p>Nothing is backed up by it any more. The backups that it made stay, and no retention deletes them.</p>
      </RemoveDialog>
    </Page>
  )
}
