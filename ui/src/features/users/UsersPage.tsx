import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, thenByName, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { useObstacle, useStats } from '../../api/session'
import type { User } from '../../api/types'
import { Action } from '../../components/Action'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid } from '../../components/DataGrid'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar, type Choice } from '../../components/FilterBar'
import { plural } from '../../components/format'
import { IconPlus } from '../../components/icons'
import { Page } from '../../components/Page'
import { useSearchState } from '../../components/useSearchState'
import { originName, UserCard, userColumns } from './columns'
import { CreateUser } from './CreateUser'
import { useGroups, useSetEnabled } from './hooks'
import { RemoveUsers } from './RemoveUsers'
import { userSearch } from './search'
import { UserDrawer } from './UserDrawer'

interface Params {
  q?: string
  enabled?: string[]
  group?: string[]
  origin?: string[]
  sort: string
}

const listing: Listing<User, Params> = {
  noun: 'users',
  fetch: (query) => must(api.GET('/v1/users', { params: { query } })),
  matches: (user, p) =>
    anyOf(p.enabled, String(user.enabled)) && anyOf(p.group, ...user.groups) && anyOf(p.origin, user.origin) && hasText(p.q, user.name, user.id),
  moves: (a, b) => a.enabled !== b.enabled || a.name !== b.name || a.groups.join() !== b.groups.join(),
}

const nobody: ReadonlySet<string> = new Set()

/** Who may log in, and what to do about it. */
export function UsersPage() {
  const [search, setSearch] = useSearchState(userSearch)
  const { q, enabled, group, origin, sort } = search
  const params = useMemo(() => ({ q: q || undefined, enabled, group, origin, sort: thenByName(sort) }), [q, enabled, group, origin, sort])
  const list = useList(listing, params)
  const [selected, setSelected] = useState(nobody)
  const [creating, setCreating] = useState(false)
  const [removing, setRemoving] = useState<User[]>([])
  const obstacle = useObstacle('users:write')
  const setEnabled = useSetEnabled()
  const stats = useStats().data
  const live = useLiveWord()
  const groups = useGroups()
  const origins = useOrigins(list.rows)
  const filtered = q !== '' || [enabled, group, origin].some((values) => values.length > 0)
  const clear = () => setSearch({ q: '', enabled: [], group: [], origin: [] })
  const chosen = list.rows.filter((user) => selected.has(user.id))
  const change = async (to: boolean) => setSelected(new Set(await setEnabled(chosen, to)))

  return (
    <Page
      title="Users"
      note={stats ? `${plural(stats.users, 'user')}, ${live}` : ''}
      actions={
        <Action variant="filled" leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)} obstacle={obstacle}>
          Create user
        </Action>
      }
      fills
    >
      <div className="card card-fills">
        <FilterBar hint="Name or ID" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <Filter
            name="Status"
            values={enabled}
            choices={[
              { value: 'true', label: 'Enabled' },
              { value: 'false', label: 'Disabled' },
            ]}
            onChange={(values) => setSearch({ enabled: values as ('true' | 'false')[] })}
          />
          <Filter
            name="Group"
            values={group}
            choices={groups.map(({ name }) => ({ value: name, label: name }))}
            onChange={(values) => setSearch({ group: values })}
          />
          <Filter name="Origin" values={origin} choices={origins} onChange={(values) => setSearch({ origin: values })} />
        </FilterBar>
        <DataGrid
          noun="user"
          list={list}
          columns={userColumns}
          card={(user) => <UserCard user={user} />}
          nameOf={(user) => user.name}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(user) => setSearch({ user: user.name }, { push: true })}
          opened={list.rows.find((user) => user.name === search.user || user.id === search.user)?.id}
          filtered={filtered}
          onClear={clear}
          empty={<Empty title="No users" />}
        />
        <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
          {chosen.some((user) => !user.enabled) && (
            <BulkAction onClick={() => void change(true)} obstacle={obstacle}>
              Enable
            </BulkAction>
          )}
          {chosen.some((user) => user.enabled) && (
            <BulkAction onClick={() => void change(false)} obstacle={obstacle}>
              Disable
            </BulkAction>
          )}
          <BulkAction danger onClick={() => setRemoving(chosen)} obstacle={obstacle}>
            Remove
          </BulkAction>
        </BulkBar>
      </div>
      <UserDrawer user={search.user} onClose={() => setSearch({ user: '' }, { push: true })} onRemove={(user) => setRemoving([user])} />
      <CreateUser opened={creating} onClose={() => setCreating(false)} />
      <RemoveUsers
        users={removing}
        onClose={() => setRemoving([])}
        onDone={(failed) => {
          setSelected(new Set(failed))
          if (failed.length === 0) setSearch({ user: '' })
        }}
      />
    </Page>
  )
}

/** The origins of the users seen so far. */
function useOrigins(rows: User[]): Choice[] {
  const [seen] = useState(() => new Set(['cluster']))
  return useMemo(() => {
    for (const user of rows) seen.add(user.origin)
    return [...seen].sort().map((value) => ({ value, label: originName(value) }))
  }, [rows, seen])
}
