import type { Stats } from '../../api/types'

type Cell = Stats['nodes']['cells'][number]

/** The tiers under the managers, from top to bottom. */
export const tiers = [
  { role: 'backup-manager', title: 'Backup managers', note: 'run the jobs' },
  { role: 'sesam-server', title: 'SEP sesam servers', note: 'data sources' },
  { role: 'backup-storage', title: 'Backup storages', note: 'keep the copies' },
] as const

/** States in the order in which their marks are drawn: problems first. */
export const order = ['offline', 'degraded', 'draining', 'joining', 'left', 'online'] as const
export type Shown = (typeof order)[number]

/** All nodes of one role at one site. */
export interface Place {
  total: number
  by: Record<Shown, number>
}

/** The grid as a table: a column for each site, a row for each tier that has nodes. */
export interface Table {
  sites: string[]
  rows: { role: string; title: string; note: string; places: Place[] }[]
}

/** Arranges the counts of the server. Sites without a name come last. */
export function arrange(cells: Cell[]): Table {
  const sites = [...new Set(cells.map((cell) => cell.site))].sort((a, b) => Number(a === '') - Number(b === '') || a.localeCompare(b))
  const rows = tiers
    .map((tier) => ({ ...tier, places: sites.map((site) => place(cells.filter((c) => c.role === tier.role && c.site === site))) }))
    .filter((row) => row.places.some((p) => p.total > 0))
  return { sites, rows }
}

function place(cells: Cell[]): Place {
  const by = Object.fromEntries(order.map((state) => [state, 0])) as Record<Shown, number>
  for (const { status, nodes } of cells) {
    if (status in by) by[status as Shown] += nodes
  }
  return { total: cells.reduce((sum, cell) => sum + cell.nodes, 0), by }
}
