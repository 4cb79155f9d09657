import type { User } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { sentence } from '../../components/format'
import { IconUser } from '../../components/icons'
import { StateBadge } from '../../components/StateBadge'
import { switchStates } from '../../components/states'

export function UserBadge({ user }: { user: Pick<User, 'enabled'> }) {
  return <StateBadge look={user.enabled ? switchStates.enabled : switchStates.disabled} />
}

/** Where a user came from, in words. */
export function originName(origin: string): string {
  return origin === 'cluster' ? 'This cluster' : sentence(origin)
}

/** The columns of the list of users. */
export const userColumns: Column<User>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(150px, 1.2fr)',
    sort: 'name',
    cell: (user) => (
      <span className="cell-name">
        <IconUser size={16} stroke={1.6} aria-hidden="true" />
        <span>{user.name}</span>
      </span>
    ),
  },
  { id: 'enabled', title: 'Status', width: '108px', sort: 'enabled', cell: (user) => <UserBadge user={user} /> },
  { id: 'groups', title: 'Groups', width: 'minmax(150px, 1.6fr)', cell: (user) => user.groups.join(', ') || <span className="cell-muted">none</span> },
  { id: 'full_name', title: 'Full name', width: 'minmax(110px, 1fr)', sort: 'full_name', cell: (user) => user.full_name || <span className="cell-muted">–</span> },
  { id: 'origin', title: 'Origin', width: '110px', sort: 'origin', cell: (user) => originName(user.origin) },
  {
    id: 'created',
    title: 'Created',
    width: '92px',
    sort: 'created_at',
    cell: (user) => (
      <span className="cell-muted cell-number">
        <Ago at={user.created_at} />
      </span>
    ),
  },
  { id: 'id', title: 'ID', width: 'minmax(120px, 1fr)', cell: (user) => <span className="cell-mono">{user.id}</span> },
]

/** A user on a phone. */
export function UserCard({ user }: { user: User }) {
  return (
    <>
      <span className="card-name">{user.name}</span>
      <span>
        <UserBadge user={user} />
      </span>
      <span className="card-note">{user.groups.join(', ') || 'In no group'}</span>
      <span className="card-side">
        <Ago at={user.created_at} />
      </span>
    </>
  )
}
