import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, thenByName, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { useObstacle } from '../../api/session'
import type { Repository } from '../../api/types'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid } from '../../components/DataGrid'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar } from '../../components/FilterBar'
import { plural } from '../../components/format'
import { useStorageNames } from '../../components/names'
import { each } from '../../components/notify'
import { Page } from '../../components/Page'
import { useSearchState } from '../../components/useSearchState'
import { RepositoryCard, repositoryColumns } from './columns'
import { RepositoryDrawer } from './RepositoryDrawer'
import { repositorySearch } from './search'
import './repositories.css'

interface Params {
  q?: string
  node?: string[]
  sort: string
}

const listing: Listing<Repository, Params> = {
  noun: 'repositories',
  fetch: (query) => must(api.GET('/v1/repositories', { params: { query } })),
  matches: (repository, p) => anyOf(p.node, ...repository.storages) && hasText(p.q, repository.name, repository.id, ...repository.clients),
  moves: (a, b) => a.name !== b.name || a.quota !== b.quota,
}

const nobody: ReadonlySet<string> = new Set()

/** Where data is kept, how whole its copies are, and for how long there is room. */
export function RepositoriesPage() {
  const [search, setSearch] = useSearchState(repositorySearch)
  const { q, node, sort } = search
  const params = useMemo(() => ({ q: q || undefined, node, sort: thenByName(sort) }), [q, node, sort])
  const list = useList(listing, params)
  const [selected, setSelected] = useState(nobody)
  const mayWrite = useObstacle('data:write')
  const live = useLiveWord()
  const filtered = q !== '' || node.length > 0
  const clear = () => setSearch({ q: '', node: [] })
  const scrub = async () => {
    const begin = (repository: string) => must(api.POST('/v1/repositories/{repository}/scrub', { params: { path: { repository } } }))
    setSelected(new Set(await each([...selected], (n) => `${plural(n, 'scrub')} begun.`, begin)))
  }

  return (
    <Page title="Repositories" note={`Where data is kept, and how whole its copies are, ${live}`} fills>
      <div className="card card-fills">
        <FilterBar hint="Name or ID" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <Filter name="Storage" values={node} choices={useStorageNames()} onChange={(values) => setSearch({ node: values })} />
        </FilterBar>
        <DataGrid
          noun="repository"
          list={list}
          columns={repositoryColumns}
          card={(repository) => <RepositoryCard repository={repository} />}
          nameOf={(repository) => repository.name}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(repository) => setSearch({ repository: repository.name }, { push: true })}
          opened={list.rows.find((repository) => repository.name === search.repository || repository.id === search.repository)?.id}
          filtered={filtered}
          onClear={clear}
          empty={<Empty title="No repositories yet">A client gets one of its own when it is made, unless it shares another’s.</Empty>}
        />
        <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
          <BulkAction onClick={() => void scrub()} obstacle={mayWrite}>
            Read all again
          </BulkAction>
        </BulkBar>
      </div>
      <RepositoryDrawer repository={search.repository} onClose={() => setSearch({ repository: '' }, { push: true })} />
    </Page>
  )
}
