import type { Node, Stats } from '../../api/types'

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
  /** Each of them, when they are few. */
  nodes?: Node[]
}

/** The grid as a table: a column for each site, a row for each tier that has nodes. */
export interface Table {
  sites: string[]
  rows: { role: string; title: string; note: string; places: Place[] }[]
}

/** A place shows so many nodes by name. */
const nameable = 6

/** Arranges the counts of the server, and the nodes when they are known. Sites without a name come last. */
export function arrange(cells: Cell[], nodes: Node[] = []): Table {
  const sites = [...new Set(cells.map((cell) => cell.site))].sort((a, b) => Number(a === '') - Number(b === '') || a.localeCompare(b))
  const rows = tiers
    .map((tier) => {
      const at = (site: string) =>
        place(
          cells.filter((cell) => cell.role === tier.role && cell.site === site),
          nodes.filter((node) => node.roles.includes(tier.role) && node.site === site),
        )
      return { ...tier, places: sites.map(at) }
    })
    .filter((row) => row.places.some((p) => p.total > 0))
  return { sites, rows }
}

function place(cells: Cell[], nodes: Node[]): Place {
  const by = Object.fromEntries(order.map((state) => [state, 0])) as Record<Shown, number>
  for (const { status, nodes } of cells) {
    if (status in by) by[status as Shown] += nodes
  }
  const total = cells.reduce((sum, cell) => sum + cell.nodes, 0)
  return nodes.length === total && total <= nameable ? { total, by, nodes } : { total, by }
}
