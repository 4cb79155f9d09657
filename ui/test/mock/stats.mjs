/** Counts rows by what key says of them. */
function tally(rows, key) {
  const out = {}
  for (const row of rows) for (const k of [key(row)].flat()) out[k] = (out[k] ?? 0) + 1
  return out
}

const hour = 3_600_000

/** The numbers of the overview, worked out afresh each time. */
export function stats(w) {
  const since = Date.now() - 24 * hour
  const recent = w.backups.filter((b) => b.finished_at && Date.parse(b.finished_at) >= since && b.status !== 'deleted')
  const of = (rows, status) => rows.filter((b) => b.status === status).length
  const ended = (rows) => ({ succeeded: of(rows, 'succeeded'), warning: of(rows, 'warning'), failed: of(rows, 'failed') })
  const first = Math.floor(since / (hour / 2)) * (hour / 2)
  const timeline = Array.from({ length: 49 }, (_, i) => {
    const from = first + (i * hour) / 2
    return { from: new Date(from).toISOString(), ...ended(recent.filter((b) => Math.floor((Date.parse(b.finished_at) - from) / (hour / 2)) === 0)) }
  })
  const cells = new Map()
  const sites = new Map()
  for (const n of w.nodes) {
    const status = n.status === 'online' && n.mode === 'draining' ? 'draining' : n.status
    for (const role of n.roles) {
      const key = `${n.site} ${role} ${status}`
      const cell = cells.get(key) ?? { site: n.site, role, status, nodes: 0 }
      cell.nodes++
      cells.set(key, cell)
    }
    if (!n.capacity) continue
    const site = sites.get(n.site) ?? { site: n.site, used: 0, capacity: 0 }
    site.used += n.capacity.used
    site.capacity += n.capacity.total
    sites.set(n.site, site)
  }
  const sum = (field) => [...sites.values()].reduce((n, s) => n + s[field], 0)
  return {
    nodes: { total: w.nodes.length, by_status: tally(w.nodes, (n) => n.status), by_role: tally(w.nodes, (n) => n.roles), cells: [...cells.values()] },
    backups: { by_status: tally(w.backups, (b) => b.status), running: of(w.backups, 'running'), last_24h: ended(recent), timeline },
    clients: w.clients.length,
    tasks: w.tasks.length,
    users: w.users.length,
    storage: { used: sum('used'), capacity: sum('capacity'), sites: [...sites.values()].sort((a, b) => (a.site < b.site ? -1 : 1)) },
    cluster: { leader: w.leader, term: w.term, failure_tolerance: 2, managers: 5 },
  }
}
