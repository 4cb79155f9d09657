import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, useList, type Listing } from '../../api/list'
import { useObstacle } from '../../api/session'
import type { SyncState } from '../../api/types'
import { Action } from '../../components/Action'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid } from '../../components/DataGrid'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar } from '../../components/FilterBar'
import { plural, sentence } from '../../components/format'
import { Page } from '../../components/Page'
import { lookOf, syncStates } from '../../components/states'
import { useSearchState } from '../../components/useSearchState'
import { SyncCard, syncColumns } from './columns'
import { RunDialog } from './RunDialog'
import { clusterModes, syncSearch } from './search'
import { SyncDrawer } from './SyncDrawer'
import './sync-page.css'

interface Params {
  q?: string
  cluster_mode?: string[]
  sort: string
}

const listing: Listing<SyncState, Params> = {
  noun: 'sync',
  every: 3000, // the stream does not tell of it
  fetch: (query) => must(api.GET('/v1/sync', { params: { query } })),
  matches: (state, p) => anyOf(p.cluster_mode, state.cluster_mode) && hasText(p.q, state.node),
  moves: (a, b) => a.status !== b.status || a.node !== b.node,
}

const nobody: ReadonlySet<string> = new Set()

/** "2 managed: 1 in step, 1 drifted". */
export function summary(rows: Pick<SyncState, 'status'>[]): string {
  const managed = rows.filter((row) => row.status !== 'standalone')
  if (managed.length === 0) return 'no server is managed'
  const states = Object.keys(syncStates).map((status) => ({ status, n: managed.filter((row) => row.status === status).length }))
  const parts = states.filter(({ n }) => n > 0).map(({ status, n }) => `${n} ${lookOf(syncStates, status).word.toLowerCase()}`)
  return `${plural(managed.length, 'managed server')}: ${parts.join(', ')}`
}

/** How far SEP sesam servers are in step with the users, groups and access lists of the cluster. */
export function SyncPage() {
  const [search, setSearch] = useSearchState(syncSearch)
  const { q, mode, sort, server } = search
  const params = useMemo(() => ({ q: q || undefined, cluster_mode: mode, sort }), [q, mode, sort])
  const list = useList(listing, params)
  const [selected, setSelected] = useState(nobody)
  const [running, setRunning] = useState<string[]>()
  const mayRun = useObstacle('users:write')
  const filtered = q !== '' || mode.length > 0
  const clear = () => setSearch({ q: '', mode: [] })
  const chosen = list.rows.filter((state) => selected.has(state.id) && state.cluster_mode === 'managed')

  return (
    <Page
      title="Synchronisation"
      note={list.loading ? '' : sentence(summary(list.rows))}
      actions={
        <Action variant="filled" onClick={() => setRunning([])} obstacle={mayRun}>
          Bring all in step…
        </Action>
      }
      fills
    >
      <div className="card card-fills">
        <FilterBar hint="Server" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <Filter
            name="Mode"
            values={mode}
            choices={clusterModes.map((value) => ({ value, label: sentence(value) }))}
            onChange={(values) => setSearch({ mode: clusterModes.filter((m) => values.includes(m)) })}
          />
        </FilterBar>
        <DataGrid
          noun="server"
          list={list}
          columns={syncColumns}
          card={(state) => <SyncCard state={state} />}
          nameOf={(state) => state.node}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(state) => setSearch({ server: state.node }, { push: true })}
          opened={list.rows.find((state) => state.node === server)?.id}
          filtered={filtered}
          onClear={clear}
          empty={<Empty title="No SEP sesam servers yet">One is added on the page of nodes. Managed ones get the users, groups and access lists of the cluster.</Empty>}
        />
        <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
          <BulkAction onClick={() => setRunning(chosen.map((state) => state.node))} obstacle={chosen.length === 0 ? 'None of them is managed.' : mayRun}>
            Bring in step now
          </BulkAction>
        </BulkBar>
      </div>
      <SyncDrawer
        server={server}
        state={list.rows.find((state) => state.node === server)}
        onClose={() => setSearch({ server: '' }, { push: true })}
        onRun={(name) => setRunning([name])}
      />
      <RunDialog servers={running} onClose={() => setRunning(undefined)} />
    </Page>
  )
}
