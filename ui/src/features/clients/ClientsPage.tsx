import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, thenByName, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { useObstacle, useStats } from '../../api/session'
import type { Client } from '../../api/types'
import { Action } from '../../components/Action'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid } from '../../components/DataGrid'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar } from '../../components/FilterBar'
import { plural } from '../../components/format'
import { IconPlus } from '../../components/icons'
import { useRepositoryNames } from '../../components/names'
import { Page } from '../../components/Page'
import { RemoveDialog } from '../../components/RemoveDialog'
import { useSearchState } from '../../components/useSearchState'
import { ClientDrawer } from './ClientDrawer'
import { ClientFormDrawer } from './ClientForm'
import { ClientCard, clientColumns } from './columns'
import { clientSearch } from './search'
import './clients.css'

interface Params {
  q?: string
  repository?: string[]
  sort: string
}

const listing: Listing<Client, Params> = {
  noun: 'clients',
  fetch: (query) => must(api.GET('/v1/clients', { params: { query } })),
  matches: (client, p) => anyOf(p.repository, client.repository) && hasText(p.q, client.name, client.id, client.address),
  moves: (a, b) => a.name !== b.name || a.address !== b.address,
}

const nobody: ReadonlySet<string> = new Set()

/** Whose data is protected, and who answers for it. */
export function ClientsPage() {
  const [search, setSearch] = useSearchState(clientSearch)
  const { q, repository, sort } = search
  const params = useMemo(() => ({ q: q || undefined, repository, sort: thenByName(sort) }), [q, repository, sort])
  const list = useList(listing, params)
  const [selected, setSelected] = useState(nobody)
  const [removing, setRemoving] = useState<Client[]>([])
  const mayWrite = useObstacle('data:write')
  const stats = useStats().data
  const live = useLiveWord()
  const filtered = q !== '' || repository.length > 0
  const clear = () => setSearch({ q: '', repository: [] })
  const add = () => setSearch({ edit: '?', client: '' }, { push: true })

  return (
    <Page
      title="Clients"
      note={stats ? `${plural(stats.clients, 'client')}, ${live}` : ''}
      actions={
        <Action variant="filled" leftSection={<IconPlus size={16} />} onClick={add} obstacle={mayWrite}>
          New client
        </Action>
      }
      fills
    >
      <div className="card card-fills">
        <FilterBar hint="Name, address or ID" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <Filter name="Repository" values={repository} choices={useRepositoryNames()} onChange={(values) => setSearch({ repository: values })} />
        </FilterBar>
        <DataGrid
          noun="client"
          list={list}
          columns={clientColumns}
          card={(client) => <ClientCard client={client} />}
          nameOf={(client) => client.name}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(client) => setSearch({ client: client.name }, { push: true })}
          opened={list.rows.find((client) => client.name === search.client || client.id === search.client)?.id}
          filtered={filtered}
          onClear={clear}
          empty={
            <Empty title="No clients yet" action="New client" onAction={add} obstacle={mayWrite}>
              A client is a machine or a source of data that is to be protected.
            </Empty>
          }
        />
        <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
          <BulkAction danger onClick={() => setRemoving(list.rows.filter((client) => selected.has(client.id)))} obstacle={mayWrite}>
            Remove
          </BulkAction>
        </BulkBar>
      </div>
      <ClientDrawer
        client={search.edit === '' ? search.client : ''}
        onClose={() => setSearch({ client: '' }, { push: true })}
        onEdit={(client) => setSearch({ edit: client.name }, { push: true })}
        onRemove={(client) => {
          setRemoving([client])
          setSearch({ client: '' }) // what goes is not asked for again
        }}
      />
      <ClientFormDrawer client={search.edit} onClose={(name) => setSearch({ edit: '', client: name ?? search.client }, { push: true })} />
      <RemoveDialog
        noun="clients"
        one="client"
        things={removing}
        remove={(client) => must(api.DELETE('/v1/clients/{client}', { params: { path: { client } } }))}
        onClose={() => setRemoving([])}
        onDone={(failed) => setSelected(new Set(failed))}
      >
        <p>Only a client without tasks and backups can be removed.</p>
      </RemoveDialog>
    </Page>
  )
}
