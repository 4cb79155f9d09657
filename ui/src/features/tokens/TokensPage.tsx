import { Drawer, SegmentedControl } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { useList, type Listing } from '../../api/list'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { APIToken, JoinToken } from '../../api/types'
import { Action } from '../../components/Action'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid, type Column } from '../../components/DataGrid'
import { Code, Details } from '../../components/Details'
import { Empty } from '../../components/Empty'
import { FilterBar } from '../../components/FilterBar'
import { dateTime, plural, roleList } from '../../components/format'
import { IconPlus } from '../../components/icons'
import { each } from '../../components/notify'
import { Page } from '../../components/Page'
import { useSearchState } from '../../components/useSearchState'
import { apiColumns, joinColumns, TokenBadge, TokenCard, tokenName } from './columns'
import { CreateToken } from './CreateToken'
import { tokenSearch } from './search'
import './tokens.css'

type Kind = 'join' | 'api'
type Token = JoinToken | APIToken

interface Params {
  q?: string
  revoked?: string[]
  sort: string
}

const every = 10_000 // the stream does not tell of tokens
const rules = { every, matches: () => true, moves: () => false }
const listings: Record<Kind, Listing<Token, Params>> = {
  join: { ...rules, noun: 'join-tokens', fetch: (query) => must(api.GET('/v1/join-tokens', { params: { query } })) },
  api: { ...rules, noun: 'api-tokens', fetch: (query) => must(api.GET('/v1/api-tokens', { params: { query } })) },
}
const columns = { join: joinColumns as Column<Token>[], api: apiColumns as Column<Token>[] }
const about = { join: 'With a join token a node becomes part of the grid', api: 'With an API token a program speaks for a user' }
const nobody: ReadonlySet<string> = new Set()

/** Tokens: those by which nodes join, and those by which programs speak for people. */
export function TokensPage() {
  const [search, setSearch] = useSearchState(tokenSearch)
  const { kind } = search
  const mayWrite = useObstacle('tokens:write')
  const [making, setMaking] = useState<Kind>()
  const verb = kind === 'join' ? 'Create a join token' : 'Create an API token'
  return (
    <Page
      title="Tokens"
      note={about[kind]}
      actions={
        <>
          <SegmentedControl
            size="xs"
            aria-label="Kind of tokens"
            data={[
              { value: 'join', label: 'Join tokens' },
              { value: 'api', label: 'API tokens' },
            ]}
            value={kind}
            onChange={(value) => setSearch({ kind: value as Kind, q: '', sort: '-created_at' }, { push: true })}
          />
          <Action variant="filled" leftSection={<IconPlus size={16} />} onClick={() => setMaking(kind)} obstacle={mayWrite}>
            {verb}
          </Action>
        </>
      }
      fills
    >
      <Tokens key={kind} kind={kind} onMake={() => setMaking(kind)} verb={verb} />
      <CreateToken kind={making} onClose={() => setMaking(undefined)} />
    </Page>
  )
}

function Tokens({ kind, verb, onMake }: { kind: Kind; verb: string; onMake: () => void }) {
  const [search, setSearch] = useSearchState(tokenSearch)
  const { q, show, sort } = search
  const params = useMemo(() => ({ q: q || undefined, ...(show === 'good' && { revoked: ['false'] }), sort }), [q, show, sort])
  const list = useList(listings[kind], params)
  const mayWrite = useObstacle('tokens:write')
  const [selected, setSelected] = useState(nobody)
  const [opened, setOpened] = useState<Token>()
  const [revoking, setRevoking] = useState<Token[]>([])
  const chosen = list.rows.filter((token) => selected.has(token.id) && !token.revoked)
  const filtered = q !== '' || show !== 'good'
  const clear = () => setSearch({ q: '', show: 'good' })
  return (
    <div className="card card-fills">
      <FilterBar hint="Name or ID" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
        <SegmentedControl
          size="xs"
          aria-label="Which tokens"
          data={[
            { value: 'good', label: 'Not revoked' },
            { value: 'all', label: 'All' },
          ]}
          value={show}
          onChange={(value) => setSearch({ show: value as typeof show })}
        />
      </FilterBar>
      <DataGrid
        noun={kind === 'join' ? 'join token' : 'API token'}
        list={list}
        columns={columns[kind]}
        card={(token) => <TokenCard token={token} />}
        nameOf={tokenName}
        sort={sort}
        onSort={(field) => setSearch({ sort: field })}
        selected={selected}
        onSelect={setSelected}
        onOpen={setOpened}
        opened={opened?.id}
        filtered={filtered}
        onClear={clear}
        empty={
          <Empty title="No tokens yet" action={verb} onAction={onMake} obstacle={mayWrite}>
            {about[kind]}.
          </Empty>
        }
      />
      <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
        <BulkAction danger onClick={() => setRevoking(chosen)} obstacle={chosen.length === 0 ? 'They are revoked already.' : mayWrite}>
          Revoke
        </BulkAction>
      </BulkBar>
      <TokenDrawer
        token={opened}
        onClose={() => setOpened(undefined)}
        onRevoke={(token) => {
          setRevoking([token])
          setOpened(undefined)
        }}
      />
      <RevokeDialog kind={kind} tokens={revoking} onClose={() => setRevoking([])} onDone={(failed) => setSelected(new Set(failed))} />
    </div>
  )
}

function TokenDrawer({ token, onClose, onRevoke }: { token: Token | undefined; onClose: () => void; onRevoke: (token: Token) => void }) {
  const mayWrite = useObstacle('tokens:write')
  return (
    <Drawer opened={token !== undefined} onClose={onClose} size={470} title={<span className="drawer-title">{token && <>{tokenName(token)} <TokenBadge token={token} /></>}</span>}>
      {token && (
        <div className="drawer">
          <div className="drawer-actions">
            <Action variant="subtle" color="danger" onClick={() => onRevoke(token)} obstacle={token.revoked ? 'It is revoked already.' : mayWrite}>
              Revoke…
            </Action>
          </div>
          <Details
            rows={[
              ...('roles' in token
                ? ([['Roles', roleList(token.roles)], ['Used', `${token.used} of ${token.uses}`]] as [string, string][])
                : ([['Speaks for', token.user]] as [string, string][])),
              ['Ends', token.expires_at ? dateTime(token.expires_at) : 'never by itself'],
              ['Made', dateTime(token.created_at)],
              ['Token ID', <Code key="id">{token.id}</Code>],
            ]}
          />
          <p className="cell-muted">The secret was shown once, when it was made; nobody can look it up.</p>
        </div>
      )}
    </Drawer>
  )
}

interface RevokeProps {
  kind: Kind
  tokens: Token[]
  onClose: () => void
  onDone: (failed: string[]) => void
}

function RevokeDialog({ kind, tokens, onClose, onDone }: RevokeProps) {
  const queries = useQueryClient()
  const confirm = async () => {
    const failed = await each(
      tokens.map((token) => token.id),
      (n) => `${plural(n, 'token')} revoked.`,
      (token) => {
        const params = { params: { path: { token } } }
        return must(kind === 'join' ? api.DELETE('/v1/join-tokens/{token}', params) : api.DELETE('/v1/api-tokens/{token}', params))
      },
    )
    await queries.invalidateQueries({ queryKey: keys.all(kind === 'join' ? 'join-tokens' : 'api-tokens') })
    onDone(failed)
  }
  return (
    <ConfirmTyped opened={tokens.length > 0} onClose={onClose} title={`Revoke ${tokens.length === 1 ? tokenName(tokens[0]!) : plural(tokens.length, 'token')}?`} verb="Revoke" onConfirm={confirm}>
      <p>{kind === 'join' ? 'No other node joins with it. Those that have joined stay.' : 'Programs that use it are refused at once.'} This cannot be undone.</p>
    </ConfirmTyped>
  )
}
