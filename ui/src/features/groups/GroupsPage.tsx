import { Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { hasText, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Group } from '../../api/types'
import { Action } from '../../components/Action'
import { DataGrid, type Column } from '../../components/DataGrid'
import { Code, Details } from '../../components/Details'
import { Empty } from '../../components/Empty'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FilterBar } from '../../components/FilterBar'
import { count, dateTime, plural } from '../../components/format'
import { IconGroups, IconPlus } from '../../components/icons'
import { MayWho } from '../../components/MayWho'
import { Page } from '../../components/Page'
import { RemoveDialog } from '../../components/RemoveDialog'
import { useSearchState } from '../../components/useSearchState'
import { GroupForm } from './GroupForm'
import { Matrix } from './Matrix'
import { allRights, rightsWords } from './rights'
import { groupSearch } from './search'
import './groups.css'

interface Params {
  q?: string
  sort: string
}

const listing: Listing<Group, Params> = {
  noun: 'groups',
  fetch: (query) => must(api.GET('/v1/groups', { params: { query } })),
  matches: (group, p) => hasText(p.q, group.name, group.id, group.description),
  moves: (a, b) => a.name !== b.name || a.rank !== b.rank,
}

const columns: Column<Group>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(150px, 1fr)',
    sort: 'name',
    cell: (group) => (
      <span className="cell-name">
        <IconGroups size={16} stroke={1.6} aria-hidden="true" />
        <span>{group.name}</span>
      </span>
    ),
  },
  { id: 'rank', title: 'Rank', width: '72px', sort: 'rank', cell: (group) => <span className="cell-number">{group.rank}</span> },
  { id: 'members', title: 'Members', width: '88px', sort: 'members', cell: (group) => <span className="cell-number">{count(group.members)}</span> },
  { id: 'description', title: 'What it is for', width: 'minmax(180px, 1.6fr)', cell: (group) => group.description || <span className="cell-muted">–</span> },
  { id: 'rights', title: 'Rights', width: 'minmax(220px, 3fr)', cell: (group) => <span className="cell-muted">{rightsWords(group.rights)}</span> },
  { id: 'kind', title: 'Kind', width: '100px', cell: (group) => (group.predefined ? 'Predefined' : 'Own') },
]

function Card({ group }: { group: Group }) {
  return (
    <>
      <span className="card-name">{group.name}</span>
      <span>{plural(group.members, 'member')}</span>
      <span className="card-note">{group.description || rightsWords(group.rights)}</span>
      <span className="card-side">rank {group.rank}</span>
    </>
  )
}

/** Groups, and what each of them gives. */
export function GroupsPage() {
  const [search, setSearch] = useSearchState(groupSearch)
  const { q, sort } = search
  const params = useMemo(() => ({ q: q || undefined, sort: /name$/.test(sort) ? sort : `${sort},name` }), [q, sort])
  const list = useList(listing, params)
  const [editing, setEditing] = useState<Group | 'new'>()
  const [removing, setRemoving] = useState<Group[]>([])
  const mayWrite = useObstacle('groups:write')
  const live = useLiveWord()
  return (
    <Page
      title="Groups & rights"
      note={`What users may do comes from their groups, ${live}`}
      actions={
        <Action variant="filled" leftSection={<IconPlus size={16} />} onClick={() => setEditing('new')} obstacle={mayWrite}>
          Create a group
        </Action>
      }
      fills
    >
      <div className="card card-fills">
        <FilterBar hint="Name, ID or description" text={q} onText={(text) => setSearch({ q: text })} filtered={q !== ''} onClear={() => setSearch({ q: '' })}>
          {null}
        </FilterBar>
        <DataGrid
          noun="group"
          list={list}
          columns={columns}
          card={(group) => <Card group={group} />}
          nameOf={(group) => group.name}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          onOpen={(group) => setSearch({ group: group.name }, { push: true })}
          opened={list.rows.find((group) => group.name === search.group || group.id === search.group)?.id}
          filtered={q !== ''}
          onClear={() => setSearch({ q: '' })}
          empty={<Empty title="No groups yet" />}
        />
      </div>
      <GroupDrawer
        group={search.group}
        onClose={() => setSearch({ group: '' }, { push: true })}
        onEdit={setEditing}
        onRemove={(group) => {
          setRemoving([group])
          setSearch({ group: '' }) // what goes is not asked for again
        }}
      />
      <GroupForm group={editing} onClose={() => setEditing(undefined)} />
      <RemoveDialog
        noun="groups"
        one="group"
        things={removing}
        remove={(group) => must(api.DELETE('/v1/groups/{group}', { params: { path: { group } } }))}
        onClose={() => setRemoving([])}
        onDone={() => setRemoving([])}
      >
        <p>Only a group without members can go. Access lists that name it lose it.</p>
      </RemoveDialog>
    </Page>
  )
}

interface DrawerProps {
  group: string
  onClose: () => void
  onEdit: (group: Group) => void
  onRemove: (group: Group) => void
}

function GroupDrawer({ group, onClose, onEdit, onRemove }: DrawerProps) {
  const query = useQuery({
    queryKey: keys.one('groups', group),
    queryFn: () => must(api.GET('/v1/groups/{group}', { params: { path: { group } } })),
    enabled: group !== '',
  })
  const mayWrite = useObstacle('groups:write')
  const data = group === '' ? undefined : query.data
  const fixed = data?.predefined ? 'Every cluster has this group; it cannot be changed or removed.' : undefined
  const full = data && data.members > 0 ? 'It has members; put them into other groups first.' : undefined
  return (
    <Drawer opened={group !== ''} onClose={onClose} size={560} title={<span className="drawer-title">{data?.name ?? group}</span>}>
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {data && (
        <div className="drawer">
          <div className="drawer-actions">
            <Action onClick={() => onEdit(data)} obstacle={fixed ?? mayWrite}>
              Change
            </Action>
            <Link to="/users" search={{ group: data.name }} className="drawer-link">
              Its members
            </Link>
            <Action variant="subtle" color="danger" onClick={() => onRemove(data)} obstacle={fixed ?? full ?? mayWrite}>
              Remove…
            </Action>
          </div>
          <Details
            rows={[
              ['What it is for', data.description || '–'],
              ['Rank', String(data.rank)],
              ['Members', count(data.members)],
              ['Kind', data.predefined ? 'predefined' : 'own'],
              ['Group ID', <Code key="id">{data.id}</Code>],
              ['Changed', dateTime(data.updated_at)],
            ]}
          />
          <h2>Rights</h2>
          <Matrix rights={data.rights} />
          <h2>What may somebody do?</h2>
          <MayWho object="" right="backups:run" rights={allRights} />
        </div>
      )}
    </Drawer>
  )
}
