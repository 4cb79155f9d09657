import type { Node } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { bytes, percent, roleList, sentence } from '../../components/format'
import { IconBackups, IconManager, IconNodes, IconSesam } from '../../components/icons'
import { Meter } from '../../components/Meter'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, nodeStates } from '../../components/states'

/** Storage that is fuller than this is a problem soon. */
const nearlyFull = 0.9

/** The state to show: a node that drains on purpose is not simply online. */
export function shownState(node: Pick<Node, 'status' | 'mode'>): string {
  return node.status === 'online' && node.mode === 'draining' ? 'draining' : node.status
}

/** When a node was heard of last; one that is online is heard of all the time. */
export function LastSeen({ node }: { node: Node }) {
  if (node.status === 'online' || node.status === 'degraded') return <>now</>
  return <Ago at={node.last_seen} />
}

/** The icon of what a node mainly does. */
export function NodeIcon({ node }: { node: Node }) {
  const of = (role: string) => node.roles.includes(role)
  const Icon = of('cluster-manager') ? IconManager : of('backup-manager') ? IconNodes : of('sesam-server') ? IconSesam : IconBackups
  return <Icon size={16} stroke={1.6} aria-hidden="true" />
}

export function NodeBadge({ node }: { node: Node }) {
  return <StateBadge look={lookOf(nodeStates, shownState(node))} title={node.reason || undefined} />
}

/** How full the storage of a node is. */
export function CapacityCell({ node }: { node: Node }) {
  const { total = 0, used = 0 } = node.capacity ?? {}
  if (total <= 0) return <span className="cell-muted">–</span>
  return (
    <span className="cell-meter" title={`${bytes(used)} of ${bytes(total)}`}>
      <Meter
        label={`${percent(used, total)} full`}
        total={total}
        parts={[{ key: 'used', count: used, tone: used / total > nearlyFull ? 'red' : 'accent' }]}
      />
      {percent(used, total)}
    </span>
  )
}

/** The columns of the list of nodes. */
export const nodeColumns: Column<Node>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(150px, 1.5fr)',
    sort: 'name',
    cell: (node) => (
      <span className="cell-name">
        <NodeIcon node={node} />
        <span>{node.name}</span>
      </span>
    ),
  },
  { id: 'status', title: 'Status', width: '112px', sort: 'status', cell: (node) => <NodeBadge node={node} /> },
  { id: 'role', title: 'Role', width: 'minmax(140px, 1.3fr)', cell: (node) => roleList(node.roles) },
  {
    id: 'mode',
    title: 'Mode',
    width: '92px',
    sort: 'mode',
    cell: (node) => <span className={node.mode === 'active' ? undefined : 'cell-muted'}>{sentence(node.mode)}</span>,
  },
  { id: 'site', title: 'Site', width: 'minmax(80px, 0.8fr)', sort: 'site', cell: (node) => node.site || <span className="cell-muted">–</span> },
  { id: 'capacity', title: 'Capacity', width: '108px', sort: 'used', cell: (node) => <CapacityCell node={node} /> },
  { id: 'version', title: 'Version', width: '76px', sort: 'version', cell: (node) => node.version || '–' },
  {
    id: 'last_seen',
    title: 'Last seen',
    width: '92px',
    sort: 'last_seen',
    cell: (node) => (
      <span className="cell-muted cell-number">
        <LastSeen node={node} />
      </span>
    ),
  },
  { id: 'address', title: 'Address', width: 'minmax(130px, 1fr)', sort: 'address', cell: (node) => <span className="cell-mono">{node.address || '–'}</span> },
]

/** A node on a phone. */
export function NodeCard({ node }: { node: Node }) {
  return (
    <>
      <span className="card-name">{node.name}</span>
      <span>
        <NodeBadge node={node} />
      </span>
      <span className="card-note">{[roleList(node.roles), node.site].filter(Boolean).join(', ')}</span>
      <span className="card-side">
        <LastSeen node={node} />
      </span>
    </>
  )
}
