import type { Backup, Cluster, Node, Stats } from '../../api/types'
import { percent, plural, roleList } from '../../components/format'

/** Something that somebody should look at. */
export interface Thing {
  key: string
  severity: 'bad' | 'warn' | 'info'
  title: string
  note: string
  /** Since when, if that is known. */
  at?: string | null
  to: { page: 'nodes' | 'backups' | 'backup'; search?: Record<string, string | string[]>; id?: string }
}

/** What is known about the grid. */
export interface Known {
  stats: Stats | undefined
  cluster: Cluster | undefined
  /** Nodes that are offline or degraded, and how many there are of them. */
  nodes: { items: Node[]; total: number } | undefined
  /** Backups that failed lately. */
  failed: { items: Backup[]; total: number } | undefined
}

/** More nodes or backups than this become one line. */
const oneByOne = 4

const nearlyFull = 0.9

/** What needs somebody, the worst first. */
export function attention(known: Known): Thing[] {
  const things = [...ofCluster(known.cluster), ...ofNodes(known), ...ofStorage(known.stats), ...ofBackups(known.failed)]
  const rank = { bad: 0, warn: 1, info: 2 }
  return things.sort((a, b) => rank[a.severity] - rank[b.severity])
}

function ofCluster(cluster: Cluster | undefined): Thing[] {
  if (!cluster) return []
  const to = { page: 'nodes', search: { role: 'cluster-manager' } } as const
  if (!cluster.leader) {
    return [{ key: 'leader', severity: 'bad', title: 'The managers have no leader', note: 'Nothing can be changed until they have one', to }]
  }
  const voters = cluster.members.filter((member) => member.voter)
  const lost = voters.filter((member) => !member.healthy)
  if (lost.length === 0) return []
  const names = lost.map((member) => member.name).join(', ')
  const spare = cluster.failure_tolerance
  return [
    {
      key: 'managers',
      severity: spare > 0 ? 'warn' : 'bad',
      title: `${plural(lost.length, 'manager')} of ${voters.length} ${lost.length === 1 ? 'does' : 'do'} not answer: ${names}`,
      note: spare > 0 ? `${plural(spare, 'more loss')} can be borne` : 'One more loss stops all changes',
      to,
    },
  ]
}

function ofNodes({ nodes, stats, cluster }: Known): Thing[] {
  if (!nodes) return []
  const told = new Set(cluster?.members.filter((member) => !member.healthy).map((member) => member.id)) // as managers
  const heard = nodes.items.filter((node) => node.mode !== 'maintenance' && !told.has(node.id)) // there, alarms are quiet
  const offline = heard.filter((node) => node.status === 'offline')
  const degraded = heard.filter((node) => node.status === 'degraded')
  const all = (status: string) => stats?.nodes.by_status[status] ?? 0
  return [
    ...group(offline, Math.max(offline.length, all('offline') - (nodes.items.length - heard.length)), 'bad', 'offline'),
    ...group(degraded, degraded.length && Math.max(degraded.length, all('degraded')), 'warn', 'degraded'),
  ]
}

function group(nodes: Node[], total: number, severity: 'bad' | 'warn', status: string): Thing[] {
  if (nodes.length > 0 && total > oneByOne) {
    const names = nodes.slice(0, 3).map((node) => node.name)
    const title = `${plural(total, 'node')} ${total === 1 ? 'is' : 'are'} ${status}`
    return [{ key: status, severity, title, note: `${names.join(', ')} and others`, to: { page: 'nodes', search: { status } } }]
  }
  return nodes.map((node) => ({
    key: node.id,
    severity,
    title: status === 'offline' ? `${node.name} does not answer` : `${node.name} is degraded`,
    note: node.reason || [roleList(node.roles), node.site].filter(Boolean).join(' in '),
    at: status === 'offline' ? node.last_seen : node.updated_at,
    to: { page: 'nodes', search: { node: node.name } },
  }))
}

function ofStorage(stats: Stats | undefined): Thing[] {
  if (!stats) return []
  const { used, capacity } = stats.storage
  if (capacity <= 0 || used / capacity <= nearlyFull) return []
  const title = `Storage is ${percent(used, capacity)} full`
  return [{ key: 'storage', severity: 'warn', title, note: 'Backups fail once there is no room', to: { page: 'nodes', search: { role: 'backup-storage' } } }]
}

function ofBackups(failed: Known['failed']): Thing[] {
  if (!failed || failed.items.length === 0) return []
  if (failed.total > oneByOne) {
    const causes = new Set(failed.items.map((backup) => backup.error ?? ''))
    const [cause] = causes
    return [
      {
        key: 'failed',
        severity: 'warn',
        title: `${plural(failed.total, 'backup')} failed in the last 24 hours`,
        note: causes.size === 1 && cause ? `One cause: ${cause}` : 'For several reasons',
        at: failed.items[0]!.finished_at,
        to: { page: 'backups', search: { status: 'failed' } },
      },
    ]
  }
  return failed.items.map((backup) => ({
    key: backup.id,
    severity: 'warn',
    title: `Backup of ${backup.task || backup.client} failed`,
    note: backup.error || 'Without a reason',
    at: backup.finished_at,
    to: { page: 'backup', id: backup.id },
  }))
}
