import { Link, type LinkProps } from '@tanstack/react-router'
import type { Icon } from '@tabler/icons-react'
import { useAlerts, useAnswered, useStats } from '../api/session'
import type { Stats } from '../api/types'
import { shortCount } from '../components/format'
import { IconAlerts, IconApprovals, IconAudit, IconBackups, IconCertificates, IconClients, IconDrills, IconFind, IconGroups, IconManager, IconNodes, IconOverview, IconRepositories, IconRestores, IconSchedules, IconSettings, IconSync, IconTasks, IconTokens, IconUsers } from '../components/icons'
import { Logo } from './Logo'

interface Entry {
  to: LinkProps['to']
  title: string
  icon: Icon
  count?: (stats: Stats) => number
}

const sections: { title: string; entries: Entry[] }[] = [
  {
    title: 'Grid',
    entries: [
      { to: '/', title: 'Overview', icon: IconOverview },
      { to: '/nodes', title: 'Nodes', icon: IconNodes, count: (s) => s.nodes.total },
      { to: '/backups', title: 'Backups', icon: IconBackups, count: backups },
      { to: '/tasks', title: 'Tasks', icon: IconTasks, count: (s) => s.tasks },
      { to: '/schedules', title: 'Schedules', icon: IconSchedules },
      { to: '/clients', title: 'Clients', icon: IconClients, count: (s) => s.clients },
      { to: '/repositories', title: 'Repositories', icon: IconRepositories },
    ],
  },
  {
    title: 'Restore',
    entries: [
      { to: '/find', title: 'Find a file', icon: IconFind },
      { to: '/restores', title: 'Restores', icon: IconRestores },
      { to: '/drills', title: 'Restore drills', icon: IconDrills },
    ],
  },
  {
    title: 'Access',
    entries: [
      { to: '/users', title: 'Users', icon: IconUsers, count: (s) => s.users },
      { to: '/groups', title: 'Groups & rights', icon: IconGroups },
      { to: '/approvals', title: 'Approvals', icon: IconApprovals },
      { to: '/sync', title: 'Synchronisation', icon: IconSync },
      { to: '/tokens', title: 'Tokens', icon: IconTokens },
    ],
  },
  {
    title: 'Operate',
    entries: [
      { to: '/alerts', title: 'Alerts', icon: IconAlerts },
      { to: '/cluster', title: 'Cluster', icon: IconManager },
      { to: '/certificates', title: 'Certificates', icon: IconCertificates },
      { to: '/audit', title: 'Audit log', icon: IconAudit },
      { to: '/settings', title: 'Settings', icon: IconSettings },
    ],
  },
]

function backups(stats: Stats): number {
  return Object.values(stats.backups.by_status).reduce((sum, n) => sum + n, 0)
}

/** The menu, and which manager serves the page. */
export function Rail({ onGo }: { onGo?: () => void }) {
  const stats = useStats().data
  return (
    <div className="rail">
      <Link to="/" className="brand" onClick={onGo}>
        <Logo />
        Backup Cluster Manager
      </Link>
      {sections.map((section) => (
        <nav key={section.title} aria-label={section.title}>
          <p className="rail-title">{section.title}</p>
          <ul>
            {section.entries.map(({ to, title, icon: Icon, count }) => (
              <li key={title}>
                <Link to={to} className="rail-link" activeOptions={{ exact: to === '/', includeSearch: false }} onClick={onGo}>
                  <Icon size={17} stroke={1.7} aria-hidden="true" />
                  {title}
                  {to === '/alerts' && <AlertCount />}
                  {count && stats && <span className="rail-count">{shortCount(count(stats))}</span>}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      ))}
      <Served />
    </div>
  )
}

/** How many things are wrong, in the colour of the worst. */
function AlertCount() {
  const items = useAlerts().data?.items ?? []
  if (items.length === 0) return null
  const worst = items.some((alert) => alert.severity === 'critical') ? 'red' : 'amber'
  return <span className={`rail-alerts tone-${worst}`}>{shortCount(items.length)}</span>
}

function Served() {
  const answered = useAnswered()
  const cluster = useStats().data?.cluster
  if (!answered.by || !cluster) return null
  const leader = cluster.leader || answered.leader
  const standing = !leader ? 'No leader' : leader === answered.by ? 'Leader' : `Follower of ${leader}`
  return (
    <p className="rail-foot">
      Served by <b>{answered.by}</b>
      <br />
      {standing}, term {cluster.term}
    </p>
  )
}
