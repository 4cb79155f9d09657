import type { APIToken, JoinToken } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { roleList } from '../../components/format'
import { useNow } from '../../components/hooks'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, tokenStates } from '../../components/states'
import { tokenState } from './state'

export function TokenBadge({ token }: { token: APIToken | JoinToken }) {
  const now = useNow()
  return <StateBadge look={lookOf(tokenStates, tokenState(token, now))} />
}

function Ends({ at }: { at: string | null }) {
  return at ? <Ago at={at} /> : <>never</>
}

export function tokenName(token: APIToken | JoinToken): string {
  return token.name || 'without a name'
}

const name = <T extends APIToken | JoinToken>(): Column<T> => ({
  id: 'name',
  title: 'What it is for',
  width: 'minmax(160px, 1.5fr)',
  sort: 'name',
  cell: (token) => (token.name ? <b>{token.name}</b> : <span className="cell-muted">{tokenName(token)}</span>),
})
const state = <T extends APIToken | JoinToken>(): Column<T> => ({ id: 'state', title: 'State', width: '112px', cell: (token) => <TokenBadge token={token} /> })
const times = <T extends APIToken | JoinToken>(): Column<T>[] => [
  { id: 'expires', title: 'Ends', width: '100px', sort: 'expires_at', cell: (token) => <span className="cell-number"><Ends at={token.expires_at} /></span> },
  { id: 'created', title: 'Made', width: '100px', sort: 'created_at', cell: (token) => <span className="cell-muted cell-number"><Ago at={token.created_at} /></span> },
  { id: 'id', title: 'Token ID', width: 'minmax(200px, 1.2fr)', cell: (token) => <span className="cell-mono">{token.id}</span> },
]

export const joinColumns: Column<JoinToken>[] = [
  name(),
  state(),
  { id: 'roles', title: 'Roles', width: 'minmax(160px, 1.5fr)', cell: (token) => roleList(token.roles) },
  { id: 'used', title: 'Used', width: '80px', cell: (token) => <span className="cell-number">{token.used} of {token.uses}</span> },
  ...times<JoinToken>(),
]

export const apiColumns: Column<APIToken>[] = [name(), state(), { id: 'user', title: 'Speaks for', width: 'minmax(120px, 1fr)', cell: (token) => token.user }, ...times<APIToken>()]

/** A token on a phone. */
export function TokenCard({ token }: { token: APIToken | JoinToken }) {
  return (
    <>
      <span className="card-name">{tokenName(token)}</span>
      <span>
        <TokenBadge token={token} />
      </span>
      <span className="card-note">{'roles' in token ? `${roleList(token.roles)}, used ${token.used} of ${token.uses}` : `speaks for ${token.user}`}</span>
      <span className="card-side">
        <Ends at={token.expires_at} />
      </span>
    </>
  )
}
