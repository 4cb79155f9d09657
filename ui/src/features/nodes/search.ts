import { many, open, Search, sorting, text, word } from '../../components/search'

export const statuses = ['offline', 'degraded', 'joining', 'left', 'online'] as const
export const roles = ['cluster-manager', 'backup-manager', 'backup-storage', 'sesam-server'] as const
export const modes = ['active', 'draining', 'maintenance'] as const

/** What the URL of the list of nodes holds. */
export const nodeSearch = new Search({
  q: text(),
  status: many(statuses),
  role: many(roles),
  mode: many(modes),
  site: open(),
  sort: sorting(['name', 'status', 'mode', 'site', 'used', 'version', 'last_seen', 'address'], 'status'),
  node: text(),
})

/** What a SEP sesam server has, in the order of its tabs. */
export const objectKinds = ['user', 'group', 'acl', 'client', 'task', 'schedule', 'datastore', 'result'] as const
export type ObjectKind = (typeof objectKinds)[number]

/** What the URL of the objects of a server holds. */
export const objectSearch = new Search({
  kind: word(objectKinds, 'user'),
  q: text(),
  /** The newest results first, all others by name, unless it is said. */
  sort: sorting(['name', 'status', 'parent', 'at'], ''),
  /** The object whose drawer is open. */
  object: text(),
})
