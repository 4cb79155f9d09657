import { Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useMemo } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, useList, type Listing } from '../../api/list'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import type { Node, ServerObject } from '../../api/types'
import { Ago } from '../../components/Ago'
import { DataGrid } from '../../components/DataGrid'
import { Code, Details } from '../../components/Details'
import { Empty } from '../../components/Empty'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FilterBar } from '../../components/FilterBar'
import { dateTime, many, sentence } from '../../components/format'
import { Page } from '../../components/Page'
import { kindOf } from '../../components/sync'
import { useSearchState } from '../../components/useSearchState'
import { NodeBadge } from './columns'
import { ObjectCard, objectColumns } from './objectColumns'
import { objectKinds, objectSearch } from './search'
import './servers.css'

interface Params {
  node: string
  kind: string[]
  q?: string
  sort: string
}

const listing: Listing<ServerObject, Params> = {
  noun: 'objects',
  every: 10_000,
  fetch: ({ node, ...query }) => must(api.GET('/v1/nodes/{node}/objects', { params: { path: { node }, query } })),
  matches: (object, p) => anyOf(p.kind, object.kind) && hasText(p.q, object.name),
  moves: (a, b) => a.name !== b.name || a.status !== b.status,
}

/** What a SEP sesam server has, kind by kind, as it was seen last. */
export function ObjectsPage() {
  const { name } = useParams({ strict: false }) as { name: string }
  const node = useQuery({
    queryKey: keys.one('nodes', name),
    queryFn: () => must(api.GET('/v1/nodes/{node}', { params: { path: { node: name } } })),
    refetchInterval: 10_000,
  })
  const note = (
    <>
      <Link to="/nodes" search={{ node: name }}>{name}</Link> / <Seen node={node.data} />
    </>
  )
  return (
    <Page title={`Objects of ${name}`} note={note} actions={node.data && <NodeBadge node={node.data} />} fills>
      {node.error ? <ErrorPanel problem={asProblem(node.error)} onRetry={() => void node.refetch()} /> : <Objects name={name} node={node.data} />}
    </Page>
  )
}

function reached(node: Node): boolean {
  return node.server !== undefined && node.server.error === '' && node.server.carrier !== ''
}

function Seen({ node }: { node: Node | undefined }) {
  if (!node) return <>what the server has</>
  if (reached(node)) return <>what the server has, looked at all the time</>
  return (
    <>
      as it was when the server was reached last, <Ago at={node.last_seen} />
    </>
  )
}

function Objects({ name, node }: { name: string; node: Node | undefined }) {
  const [search, setSearch] = useSearchState(objectSearch)
  const { kind, q } = search
  const sort = search.sort || (kind === 'result' ? '-at' : 'name')
  const params = useMemo(() => ({ node: name, kind: [kind], q: q || undefined, sort }), [name, kind, q, sort])
  const list = useList(listing, params)
  const away = node && !reached(node)
  return (
    <div className="card card-fills">
      <div className="tabs" role="tablist" aria-label="Kinds of objects">
        {objectKinds.map((value) => (
          <button key={value} type="button" role="tab" aria-selected={value === kind} onClick={() => setSearch({ kind: value, q: '', sort: '', object: '' })}>
            {sentence(many(kindOf(value)))}
          </button>
        ))}
      </div>
      <FilterBar key={kind} hint="Name or ID" text={q} onText={(text) => setSearch({ q: text })} filtered={q !== ''} onClear={() => setSearch({ q: '' })}>
        {away && (
          <span className="cell-warn" role="status">
            Stale: {node.server?.error || 'the server is not looked at'}
          </span>
        )}
      </FilterBar>
      <DataGrid
        noun={kindOf(kind)}
        list={list}
        columns={objectColumns[kind]}
        card={(object) => <ObjectCard object={object} />}
        nameOf={(object) => object.name}
        sort={sort}
        onSort={(field) => setSearch({ sort: field })}
        onOpen={(object) => setSearch({ object: object.id }, { push: true })}
        opened={search.object || undefined}
        filtered={q !== ''}
        onClear={() => setSearch({ q: '' })}
        empty={<Empty title={`The server has no ${many(kindOf(kind))}`} />}
      />
      <ObjectDrawer object={list.rows.find((object) => object.id === search.object)} onClose={() => setSearch({ object: '' }, { push: true })} />
    </div>
  )
}

function ObjectDrawer({ object, onClose }: { object: ServerObject | undefined; onClose: () => void }) {
  return (
    <Drawer opened={object !== undefined} onClose={onClose} size={520} title={<span className="drawer-title">{object?.name}</span>}>
      {object && (
        <div className="drawer">
          {object.stale && <p className="drawer-reason">The server cannot be reached: this is how it was when it could be.</p>}
          <Details
            rows={[
              ['Kind', sentence(kindOf(object.kind))],
              ['Enabled', object.enabled ? 'yes' : 'no'],
              ...(object.status ? [['Status', object.status] as [string, string]] : []),
              ...(object.groups.length > 0 ? [['Groups', object.groups.join(', ')] as [string, string]] : []),
              ...(object.rights.length > 0 ? [['Who may', object.rights.join(', ')] as [string, string]] : []),
              ...(object.parent ? [['Belongs to', object.parent] as [string, string]] : []),
              ...(object.at ? [['Began', dateTime(object.at)] as [string, string]] : []),
              ['Comment', object.comment || '–'],
              ['Id on the server', <Code key="id">{object.remote_id}</Code>],
              ['Changed', dateTime(object.updated_at)],
            ]}
          />
          <h2>As the server shows it</h2>
          <pre className="shown" tabIndex={0} aria-label="As the server shows it">{JSON.stringify(object.shown, null, 2)}</pre>
        </div>
      )}
    </Drawer>
  )
}
