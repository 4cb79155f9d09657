import { day, open, Search, sorting, text } from '../../components/search'

/** The kinds of objects of the audit trail, as it names them. */
export const kinds = [
  'approvals', 'assignments', 'backups', 'certificates', 'clients', 'cluster', 'groups', 'jobs', 'nodes', 'repositories', 'schedules', 'servers', 'settings', 'tasks', 'tokens', 'users',
] as const

export const results = ['ok', 'denied', 'unauthorized', 'invalid', 'not_found', 'conflict', 'precondition', 'mismatch', 'exhausted', 'internal'] as const

/** What the URL of the audit log holds. */
export const auditSearch = new Search({
  q: text(),
  by: open(),
  kind: open(),
  action: open(),
  result: open(),
  object: open(),
  from: day(),
  to: day(),
  sort: sorting(['created_at', 'by', 'action'], '-created_at'),
  /** The event whose drawer is open. */
  event: text(),
})
