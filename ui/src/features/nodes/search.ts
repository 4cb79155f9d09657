import { many, open, Search, sorting, text } from '../../components/search'

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
