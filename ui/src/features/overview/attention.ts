import type { Alert, Backup } from '../../api/types'
import { alertKind, sayingOf, targetOf, type Target } from '../../components/alerts'
import { plural } from '../../components/format'

/** Something that somebody should look at. */
export interface Thing {
  key: string
  severity: 'bad' | 'warn'
  title: string
  note: string
  /** Since when, if that is known. */
  at?: string | null
  to: Target
}

/** What is known about the grid. */
export interface Known {
  /** What the server says is wrong. */
  alerts: Alert[] | undefined
  /** Backups that failed lately. */
  failed: { items: Backup[]; total: number } | undefined
}

/** More of a kind than this become one line. */
const oneByOne = 4

/** What needs somebody, the worst first: first what the server says, then what else failed. */
export function attention({ alerts = [], failed }: Known): Thing[] {
  const things = [...ofAlerts(alerts), ...ofBackups(failed, new Set(alerts.filter((a) => a.kind === 'backup_failed').map((a) => a.object.name)))]
  const rank = { bad: 0, warn: 1 }
  return things.sort((a, b) => rank[a.severity] - rank[b.severity])
}

/** Where to look at many alerts of one kind. */
function targetOfMany({ kind, object }: Alert): Target {
  if (kind === 'node_offline') return { page: 'nodes', search: { status: 'offline' } }
  if (kind === 'node_degraded') return { page: 'nodes', search: { status: 'degraded' } }
  if (kind === 'backup_failed') return { page: 'backups', search: { status: 'failed' } }
  if (object.kind === 'tasks' || object.kind === 'clients' || object.kind === 'repositories') return { page: object.kind }
  return targetOf({ kind, object: { ...object, kind: '' } } as Alert)
}

function ofAlerts(alerts: Alert[]): Thing[] {
  const kinds = new Map<string, Alert[]>()
  for (const alert of alerts) kinds.set(alert.kind, [...(kinds.get(alert.kind) ?? []), alert])
  return [...kinds.values()].flatMap((group) => {
    const [first] = group
    const severity = first!.severity === 'critical' ? 'bad' : 'warn'
    if (group.length > oneByOne) {
      const names = group.slice(0, 3).map((alert) => alert.object.name)
      const title = `${alertKind(first!.kind)}: ${plural(group.length, 'case')}`
      return [{ key: first!.kind, severity, title, note: `${names.join(', ')} and others`, to: targetOfMany(first!) } as Thing]
    }
    return group.map((alert): Thing => {
      const key = `${alert.kind}/${alert.object.kind}/${alert.object.id}`
      return { key, severity, title: sayingOf(alert), note: alertKind(alert.kind), at: alert.since, to: targetOf(alert) }
    })
  })
}

function ofBackups(failed: Known['failed'], told: ReadonlySet<string>): Thing[] {
  const items = failed?.items.filter((backup) => !told.has(backup.task)) ?? []
  if (!failed || items.length === 0) return []
  if (items.length > oneByOne) {
    const causes = new Set(items.map((backup) => backup.error ?? ''))
    const [cause] = causes
    return [
      {
        key: 'failed',
        severity: 'warn',
        title: `${plural(failed.total - (failed.items.length - items.length), 'backup')} failed in the last 24 hours`,
        note: causes.size === 1 && cause ? `One cause: ${cause}` : 'For several reasons',
        at: items[0]!.finished_at,
        to: { page: 'backups', search: { status: 'failed' } },
      },
    ]
  }
  return items.map((backup) => ({
    key: backup.id,
    severity: 'warn',
    title: `Backup of ${backup.task || backup.client} failed`,
    note: backup.error || 'Without a reason',
    at: backup.finished_at,
    to: { page: 'backup', id: backup.id },
  }))
}
