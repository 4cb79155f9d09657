import { Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Node } from '../../api/types'
import { Action } from '../../components/Action'
import { Code, Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { EventList } from '../../components/EventList'
import { bytes, dateTime, percent, plural, roleList, sentence } from '../../components/format'
import { Meter } from '../../components/Meter'
import { LastSeen, NodeBadge } from './columns'
import { ImpactOf } from './Impact'
import { Lacks, ServerActions, serverFacts } from './ServerPart'

interface Props {
  /** Name or id of the node; "" when the drawer is closed. */
  node: string
  onClose: () => void
  onMode: (node: Node) => void
  onDrain: (node: Node) => void
  onRemove: (node: Node) => void
}

/** Everything about one node, beside the list. */
export function NodeDrawer({ node, onClose, ...does }: Props) {
  const query = useQuery({
    queryKey: keys.one('nodes', node),
    queryFn: () => must(api.GET('/v1/nodes/{node}', { params: { path: { node } } })),
    enabled: node !== '',
  })
  const data = node === '' ? undefined : query.data
  return (
    <Drawer
      opened={node !== ''}
      onClose={onClose}
      size={470}
      title={
        <span className="drawer-title">
          {data?.name ?? node} {data && <NodeBadge node={data} />}
        </span>
      }
    >
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {data && <Body node={data} {...does} />}
    </Drawer>
  )
}

function Body({ node, onMode, onDrain, onRemove }: { node: Node } & Pick<Props, 'onMode' | 'onDrain' | 'onRemove'>) {
  const draining = node.mode === 'draining' ? 'It drains already.' : undefined
  const obstacle = useObstacle('nodes:write')
  const may = useObstacle('events:read') === undefined
  return (
    <div className="drawer">
      <div className="drawer-actions">
        <Action onClick={() => onMode(node)} obstacle={obstacle}>
          Change mode
        </Action>
        {!node.server && (
          <Action onClick={() => onDrain(node)} obstacle={obstacle ?? draining}>
            Drain…
          </Action>
        )}
        <Action variant="subtle" color="danger" onClick={() => onRemove(node)} obstacle={obstacle}>
          Remove…
        </Action>
        {node.roles.includes('backup-manager') && (
          <Link to="/backups" search={{ node: node.name }} className="drawer-link">
            Its backups
          </Link>
        )}
      </div>
      {node.server && <ServerActions node={node} server={node.server} />}
      {node.server?.error && node.server.error !== node.reason && <p className="drawer-reason">{node.server.error}</p>}
      {node.reason && <p className="drawer-reason">{node.reason}</p>}
      {node.drained && <p className="drawer-note">It is drained: nothing is left that would miss it.</p>}
      <Details rows={facts(node)} />
      {node.server && <Lacks server={node.server} />}
      <h2>What if it dies</h2>
      <ImpactOf node={node.id} />
      <h2>Live events</h2>
      {may ? <Events node={node} /> : <p className="cell-muted">Your groups do not give the right events:read.</p>}
    </div>
  )
}

function facts(node: Node): [string, React.ReactNode][] {
  const rows: [string, React.ReactNode][] = [
    ['Role', roleList(node.roles)],
    ['Mode', sentence(node.mode)],
    ['Site', node.site || '–'],
    ['Address', node.address ? <Code>{node.address}</Code> : '–'],
    ['Node ID', <Code key="id">{node.id}</Code>],
    [node.server ? 'Release' : 'Version', node.version || '–'],
    ['Last seen', <LastSeen key="seen" node={node} />],
  ]
  if (node.server) {
    rows.push(...serverFacts(node, node.server))
  } else {
    rows.push(
      ['Runs', node.slots > 0 ? `${node.running} of at most ${node.slots} at once` : String(node.running)],
      ['Certificate', node.certificate_not_after ? `valid until ${dateTime(node.certificate_not_after)}` : '–'],
    )
  }
  const labels = Object.entries(node.labels ?? {})
  if (labels.length > 0) rows.push(['Labels', labels.map(([key, value]) => `${key}=${value}`).join(', ')])
  const { total = 0, used = 0, full_in_days } = node.capacity ?? {}
  if (full_in_days !== undefined) rows.push(['Full', `in about ${plural(full_in_days, 'day')}, when it goes on like that`])
  if (node.capacity?.lost) rows.push(['Lost', `${plural(node.capacity.lost, 'blob')} damaged or missing`])
  if (total > 0) {
    rows.push([
      'Capacity',
      <span key="capacity" className="drawer-capacity">
        {bytes(used)} of {bytes(total)}, {percent(used, total)}
        <Meter label={`${percent(used, total)} full`} total={total} parts={[{ key: 'used', count: used, tone: used / total > 0.9 ? 'red' : 'accent' }]} />
      </span>,
    ])
  }
  return rows
}

function Events({ node }: { node: Node }) {
  const query = { limit: 20, sort: '-created_at' }
  const events = useQuery({
    queryKey: keys.top('events', { node: node.id }),
    queryFn: () => must(api.GET('/v1/nodes/{node}/events', { params: { path: { node: node.id }, query } })),
  })
  if (events.error) return <ErrorPanel problem={asProblem(events.error)} onRetry={() => void events.refetch()} />
  return <EventList events={events.data?.items ?? []} loading={events.isPending} />
}
