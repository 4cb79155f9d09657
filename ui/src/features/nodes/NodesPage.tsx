import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, thenByName, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { useObstacle, useStats } from '../../api/session'
import type { Node } from '../../api/types'
import { Action } from '../../components/Action'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid } from '../../components/DataGrid'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar, type Choice } from '../../components/FilterBar'
import { plural, roleName, sentence } from '../../components/format'
import { IconPlus } from '../../components/icons'
import { Page } from '../../components/Page'
import { lookOf, nodeStates } from '../../components/states'
import { useSearchState } from '../../components/useSearchState'
import { AddServer } from './AddServer'
import { NodeCard, nodeColumns } from './columns'
import { DrainDialog, RemoveNodeDialog } from './dialogs'
import { ModeDialog } from './ModeDialog'
import { NodeDrawer } from './NodeDrawer'
import { modes, nodeSearch, roles, statuses } from './search'

interface Params {
  q?: string
  status?: string[]
  role?: string[]
  mode?: string[]
  site?: string[]
  sort: string
}

const listing: Listing<Node, Params> = {
  noun: 'nodes',
  fetch: (query) => must(api.GET('/v1/nodes', { params: { query } })),
  matches: (node, p) =>
    anyOf(p.status, node.status) &&
    anyOf(p.role, ...node.roles) &&
    anyOf(p.mode, node.mode) &&
    anyOf(p.site, node.site) &&
    hasText(p.q, node.name, node.id, node.address),
  moves: (a, b) => a.status !== b.status || a.mode !== b.mode || a.name !== b.name || a.site !== b.site,
}

const nobody: ReadonlySet<string> = new Set()

/** All nodes of the grid. */
export function NodesPage() {
  const [search, setSearch] = useSearchState(nodeSearch)
  const { q, status, role, mode, site, sort } = search
  const params = useMemo(() => ({ q: q || undefined, status, role, mode, site, sort: thenByName(sort) }), [q, status, role, mode, site, sort])
  const list = useList(listing, params)
  const [selected, setSelected] = useState(nobody)
  const [changing, setChanging] = useState<string[]>([])
  const [draining, setDraining] = useState<Node[]>([])
  const [removing, setRemoving] = useState<Node[]>([])
  const [adding, setAdding] = useState(false)
  const obstacle = useObstacle('nodes:write')
  const filtered = q !== '' || [status, role, mode, site].some((values) => values.length > 0)
  const clear = () => setSearch({ q: '', status: [], role: [], mode: [], site: [] })
  const stats = useStats().data
  const live = useLiveWord()
  const sites = useSites(list.rows)

  return (
    <Page
      title="Nodes"
      note={stats ? `${plural(stats.nodes.total, 'node')}, ${live}` : ''}
      actions={
        <Action variant="filled" leftSection={<IconPlus size={16} />} onClick={() => setAdding(true)} obstacle={obstacle}>
          Add a server
        </Action>
      }
      fills
    >
      <div className="card card-fills">
        <FilterBar hint="Name, ID or address" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <Filter
            name="Status"
            values={status}
            choices={statuses.map((value) => ({
              value,
              label: lookOf(nodeStates, value).word,
              count: stats && (stats.nodes.by_status[value] ?? 0),
            }))}
            onChange={(values) => setSearch({ status: statuses.filter((s) => values.includes(s)) })}
          />
          <Filter
            name="Role"
            values={role}
            choices={roles.map((value) => ({ value, label: roleName(value), count: stats && (stats.nodes.by_role[value] ?? 0) }))}
            onChange={(values) => setSearch({ role: roles.filter((r) => values.includes(r)) })}
          />
          <Filter
            name="Mode"
            values={mode}
            choices={modes.map((value) => ({ value, label: sentence(value) }))}
            onChange={(values) => setSearch({ mode: modes.filter((m) => values.includes(m)) })}
          />
          <Filter name="Site" values={site} choices={sites} onChange={(values) => setSearch({ site: values })} />
        </FilterBar>
        <DataGrid
          noun="node"
          list={list}
          columns={nodeColumns}
          card={(node) => <NodeCard node={node} />}
          nameOf={(node) => node.name}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(node) => setSearch({ node: node.name }, { push: true })}
          opened={list.rows.find((node) => node.name === search.node || node.id === search.node)?.id}
          filtered={filtered}
          onClear={clear}
          empty={
            <Empty title="No nodes yet">
              A node joins with the command that comes with a join token; a SEP sesam server is added here.
            </Empty>
          }
        />
        <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
          <BulkAction onClick={() => setChanging([...selected])} obstacle={obstacle}>
            Set mode
          </BulkAction>
          <BulkAction onClick={() => setDraining(list.rows.filter((node) => selected.has(node.id)))} obstacle={obstacle}>
            Drain
          </BulkAction>
        </BulkBar>
      </div>
      <NodeDrawer
        node={search.node}
        onClose={() => setSearch({ node: '' }, { push: true })}
        onMode={(node) => setChanging([node.id])}
        onDrain={(node) => setDraining([node])}
        onRemove={(node) => {
          setRemoving([node])
          setSearch({ node: '' }) // what goes is not asked for again
        }}
      />
      <DrainDialog nodes={draining} onClose={() => setDraining([])} onDone={(failed) => setSelected(new Set(failed))} />
      <RemoveNodeDialog nodes={removing} onClose={() => setRemoving([])} />
      <AddServer opened={adding} onClose={() => setAdding(false)} onAdded={(node) => setSearch({ node }, { push: true })} />
      <ModeDialog
        ids={changing}
        known={list.rows}
        onClose={() => setChanging([])}
        onDone={(failed) => setSelected(new Set(failed))}
      />
    </Page>
  )
}

/** The sites of the nodes seen so far. They are collected, so that filtering does not empty the choice. */
function useSites(rows: Node[]): Choice[] {
  const [seen] = useState(() => new Set<string>())
  return useMemo(() => {
    for (const node of rows) if (node.site) seen.add(node.site)
    return [...seen].sort().map((value) => ({ value, label: value }))
  }, [rows, seen])
}
