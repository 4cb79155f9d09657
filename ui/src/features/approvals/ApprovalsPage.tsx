import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import type { Approval } from '../../api/types'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid } from '../../components/DataGrid'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar } from '../../components/FilterBar'
import { Page } from '../../components/Page'
import { sentence } from '../../components/format'
import { useSearchState } from '../../components/useSearchState'
import { ApprovalDrawer } from './ApprovalDrawer'
import { ApprovalCard, approvalColumns, subject } from './columns'
import { DecideDialog, type Verb } from './DecideDialog'
import { approvalSearch, decisions } from './search'

interface Params {
  q?: string
  status?: string[]
  sort: string
}

const listing: Listing<Approval, Params> = {
  noun: 'approvals',
  fetch: (query) => must(api.GET('/v1/approvals', { params: { query } })),
  matches: (approval, p) => anyOf(p.status, approval.status) && hasText(p.q, approval.object.name, approval.by, approval.reason),
  moves: (a, b) => a.status !== b.status,
}

const none: ReadonlySet<string> = new Set()

/** Destructive changes that wait for a second person, and what became of them. */
export function ApprovalsPage() {
  const [search, setSearch] = useSearchState(approvalSearch)
  const { q, status, sort } = search
  const params = useMemo(() => ({ q: q || undefined, status, sort }), [q, status, sort])
  const list = useList(listing, params)
  const [selected, setSelected] = useState(none)
  const [verb, setVerb] = useState<Verb>('grant')
  const [deciding, setDeciding] = useState<Approval[]>([])
  const live = useLiveWord()
  const filtered = q !== '' || status.length > 0
  const clear = () => setSearch({ q: '', status: [] })
  const chosen = list.rows.filter((approval) => selected.has(approval.id) && approval.status === 'pending')
  const decide = (what: Verb, which: Approval[]) => {
    setVerb(what)
    setDeciding(which)
  }
  const obstacle = chosen.length > 0 ? undefined : 'None of these waits any more.'

  return (
    <Page title="Approvals" note={`Changes that need two people, ${live}`} fills>
      <div className="card card-fills">
        <FilterBar hint="What, who or why" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <Filter
            name="Status"
            values={status}
            choices={decisions.map((value) => ({ value, label: sentence(value) }))}
            onChange={(values) => setSearch({ status: values as (typeof decisions)[number][] })}
          />
        </FilterBar>
        <DataGrid
          noun="approval"
          list={list}
          columns={approvalColumns}
          card={(approval) => <ApprovalCard approval={approval} />}
          nameOf={subject}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(approval) => setSearch({ approval: approval.id }, { push: true })}
          opened={search.approval || undefined}
          filtered={filtered}
          onClear={clear}
          empty={<Empty title="No change waits for a second person" />}
        />
        <BulkBar selected={selected.size} onClear={() => setSelected(none)}>
          <BulkAction onClick={() => decide('grant', chosen)} obstacle={obstacle}>
            Grant
          </BulkAction>
          <BulkAction danger onClick={() => decide('deny', chosen)} obstacle={obstacle}>
            Deny
          </BulkAction>
        </BulkBar>
      </div>
      <ApprovalDrawer
        approval={search.approval}
        onClose={() => setSearch({ approval: '' }, { push: true })}
        onDecide={(what, approval) => decide(what, [approval])}
      />
      <DecideDialog verb={verb} approvals={deciding} onClose={() => setDeciding([])} onDone={(failed) => setSelected(new Set(failed))} />
    </Page>
  )
}
