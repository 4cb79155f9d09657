import type { SyncState } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { count, sentence } from '../../components/format'
import { IconSesam } from '../../components/icons'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, syncStates } from '../../components/states'
import { driftWords } from '../../components/sync'

export function SyncBadge({ state }: { state: SyncState }) {
  return <StateBadge look={lookOf(syncStates, state.status)} title={state.error || undefined} />
}

/** "41 of 44": how far a server was brought, and how far it should be. */
export function revisionWords(state: Pick<SyncState, 'cluster_mode' | 'wanted_revision' | 'reached_revision'>): string {
  if (state.cluster_mode !== 'managed') return '–'
  const { wanted_revision: wanted, reached_revision: reached } = state
  return wanted === reached ? count(wanted) : `${count(reached)} of ${count(wanted)}`
}

const quiet = <span className="cell-muted">–</span>

/** The columns of the list of servers and how far they are in step. */
export const syncColumns: Column<SyncState>[] = [
  {
    id: 'node',
    title: 'Server',
    width: 'minmax(150px, 1.2fr)',
    sort: 'node',
    cell: (state) => (
      <span className="cell-name">
        <IconSesam size={16} stroke={1.6} aria-hidden="true" />
        <span>{state.node}</span>
      </span>
    ),
  },
  { id: 'status', title: 'Status', width: '124px', sort: 'status', cell: (state) => <SyncBadge state={state} /> },
  { id: 'mode', title: 'Mode', width: '100px', cell: (state) => sentence(state.cluster_mode) },
  { id: 'revision', title: 'Revision', width: '104px', cell: (state) => <span className="cell-number">{revisionWords(state)}</span> },
  {
    id: 'drift',
    title: 'Differs',
    width: '96px',
    cell: (state) => (state.cluster_mode !== 'managed' ? quiet : <span className={state.drift > 0 ? 'cell-warn' : 'cell-muted'}>{driftWords(state.drift)}</span>),
  },
  {
    id: 'waiting',
    title: 'Waiting passwords',
    width: '128px',
    cell: (state) => (state.waiting_passwords > 0 ? <span className="cell-warn">{count(state.waiting_passwords)}</span> : quiet),
  },
  { id: 'at', title: 'In step', width: '92px', cell: (state) => <span className="cell-muted cell-number"><Ago at={state.reached_at} /></span> },
  { id: 'error', title: 'Last error', width: 'minmax(160px, 2fr)', cell: (state) => (state.error ? <span title={state.error}>{state.error}</span> : quiet) },
]

/** A server on a phone. */
export function SyncCard({ state }: { state: SyncState }) {
  const managed = state.cluster_mode === 'managed'
  return (
    <>
      <span className="card-name">{state.node}</span>
      <span>
        <SyncBadge state={state} />
      </span>
      <span className="card-note">{state.error || (managed ? `Revision ${revisionWords(state)}, differs: ${driftWords(state.drift)}` : 'Its own master')}</span>
      <span className="card-side">{managed && <Ago at={state.reached_at} />}</span>
    </>
  )
}
