import type { Approval } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { StateBadge } from '../../components/StateBadge'
import { approvalStates, lookOf } from '../../components/states'

export function ApprovalBadge({ approval }: { approval: Approval }) {
  return <StateBadge look={lookOf(approvalStates, approval.status)} />
}

/** Who somebody is, without the word that says that it is a user. */
export function person(by: string): string {
  return by.replace(/^user:/, '')
}

/** What an approval is about, as people know it. */
export function subject(approval: Approval): string {
  return approval.object.name || approval.object.id
}

/** The columns of the list of approvals. */
export const approvalColumns: Column<Approval>[] = [
  { id: 'status', title: 'Status', width: '112px', sort: 'status', cell: (approval) => <ApprovalBadge approval={approval} /> },
  { id: 'by', title: 'Asked by', width: 'minmax(100px, 1fr)', sort: 'by', cell: (approval) => person(approval.by) },
  { id: 'object', title: 'About', width: 'minmax(120px, 1fr)', cell: (approval) => subject(approval) },
  { id: 'reason', title: 'What would be lost', width: 'minmax(220px, 3fr)', cell: (approval) => approval.reason },
  {
    id: 'decided',
    title: 'Decided by',
    width: 'minmax(100px, 1fr)',
    cell: (approval) => (approval.decided_by ? person(approval.decided_by) : <span className="cell-muted">–</span>),
  },
  {
    id: 'created',
    title: 'Asked',
    width: '92px',
    sort: 'created_at',
    cell: (approval) => (
      <span className="cell-muted cell-number">
        <Ago at={approval.created_at} />
      </span>
    ),
  },
]

/** An approval on a phone. */
export function ApprovalCard({ approval }: { approval: Approval }) {
  return (
    <>
      <span className="card-name">{subject(approval)}</span>
      <span>
        <ApprovalBadge approval={approval} />
      </span>
      <span className="card-note">{approval.reason}</span>
      <span className="card-side">
        <Ago at={approval.created_at} />
      </span>
    </>
  )
}
