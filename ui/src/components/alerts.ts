import type { Alert } from '../api/types'

/** Where to look at something that is wrong. */
export interface Target {
  page: 'nodes' | 'backups' | 'tasks' | 'clients' | 'repositories' | 'approvals' | 'cluster' | 'backup'
  search?: Record<string, string>
  id?: string
}

/** Where to look at what an alert is about. */
export function targetOf({ kind, object }: Pick<Alert, 'kind' | 'object'>): Target {
  if (kind === 'approval_pending') return { page: 'approvals', search: { status: 'pending' } }
  switch (object.kind) {
    case 'nodes':
      return { page: 'nodes', search: { node: object.name } }
    case 'tasks':
      return { page: 'tasks', search: { task: object.name } }
    case 'clients':
      return { page: 'clients', search: { client: object.name } }
    case 'repositories':
      return { page: 'repositories', search: { repository: object.name } }
    case 'backups':
      return { page: 'backup', id: object.id }
    default:
      return { page: 'cluster' }
  }
}

/** "node_offline" as "Node offline". */
export function alertKind(kind: string): string {
  return kind.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase())
}

/** What an alert says, as a sentence; names keep their case. */
export function sayingOf({ text, object }: Pick<Alert, 'text' | 'object'>): string {
  if (text.startsWith('user:')) return text.slice('user:'.length)
  return object.name !== '' && text.startsWith(object.name) ? text : text.replace(/^./, (first) => first.toUpperCase())
}
