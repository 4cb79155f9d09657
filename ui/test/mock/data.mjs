// A grid that exists in memory only, for work on the console without a backend.

/** A small generator of numbers, so that the grid is the same every time. */
export function random(seed) {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const letters = 'abcdefghijklmnopqrstuvwxyz234567'

export function newID(rnd) {
  return Array.from({ length: 26 }, () => letters[Math.floor(rnd() * 32)]).join('')
}

const sites = ['ams2', 'fra1', 'muc1', 'vie1']
const minute = 60_000
const iso = (ms) => new Date(ms).toISOString()

/** Makes the whole world; size is the number of nodes. */
export function world(size = 8999, seed = 7) {
  const rnd = random(seed)
  const now = Date.now()
  let index = 1000
  const meta = (age) => ({ id: newID(rnd), created_at: iso(now - age), updated_at: iso(now - age), index: index++ })
  const node = (name, roles, site, status) => ({
    ...meta(90 * 86_400_000 * rnd()),
    name,
    roles,
    status,
    reason: status === 'degraded' ? 'Storage is 93 % full' : undefined,
    mode: rnd() < 0.01 ? 'draining' : rnd() < 0.005 ? 'maintenance' : 'active',
    cluster_mode: null,
    site,
    labels: { rack: String(1 + Math.floor(rnd() * 40)) },
    address: `10.2${sites.indexOf(site)}.${Math.floor(rnd() * 9)}.${Math.floor(rnd() * 250)}:7443`,
    version: rnd() < 0.05 ? '0.1.1' : '0.1.2',
    last_seen: iso(now - (status === 'offline' ? rnd() * 120 * minute : rnd() * 9000)),
    certificate_not_after: iso(now + 20 * 3_600_000),
    capacity: roles.includes('backup-storage') ? capacity(rnd, status) : undefined,
  })
  const status = () => {
    const x = rnd()
    return x < 0.005 ? 'offline' : x < 0.014 ? 'degraded' : x < 0.016 ? 'joining' : 'online'
  }
  const nodes = []
  for (const [site, n] of [['fra1', 2], ['muc1', 1], ['ams2', 1], ['vie1', 1]]) {
    for (let i = 1; i <= n; i++) nodes.push({ ...node(`mgr-${site}-0${i}`, ['cluster-manager'], site, 'online'), mode: 'active' })
  }
  const kinds = [['bm', 'backup-manager', 0.12], ['sep', 'sesam-server', 0.7], ['sto', 'backup-storage', 0.18]]
  for (const [prefix, role, share] of kinds) {
    for (let i = 1; i <= Math.round((size - 5) * share); i++) {
      const site = sites[Math.floor(rnd() * 4)]
      nodes.push(node(`${prefix}-${site}-${String(i).padStart(4, '0')}`, [role], site, status()))
    }
  }
  const groups = ['Superusers', 'Administrators', 'Operators', 'Backup users', 'Restore users', 'Auditors'].map((name) => ({
    ...meta(0),
    name,
    description: `What ${name.toLowerCase()} may do`,
    rights: name === 'Superusers' ? ['*'] : ['nodes:read'],
    predefined: true,
  }))
  const users = [{ ...meta(0), name: 'admin', full_name: '', groups: ['Superusers'], enabled: true, origin: 'cluster' }]
  const first = ['ada', 'alan', 'edsger', 'grace', 'barbara', 'niklaus', 'donald', 'radia', 'ken', 'dennis']
  for (let i = 0; i < Math.min(2000, size); i++) {
    const name = `${first[i % 10]}.${letters[i % 26]}${i}`
    users.push({ ...meta(rnd() * 1e10), name, full_name: '', groups: [groups[2 + (i % 4)].name], enabled: rnd() > 0.06, origin: 'cluster' })
  }
  const clients = ['fileserver-02', 'mail-archive', 'sap-prod', 'vm-cluster-b'].map((name) => ({ ...meta(0), name, address: '', labels: {} }))
  const tasks = clients.map((client, i) => ({
    ...meta(0),
    name: `${client.name}-${['full', 'daily'][i % 2]}`,
    client: client.name,
    source: { paths: ['/srv/data'] },
    enabled: true,
  }))
  const managers = nodes.filter((n) => n.roles[0] === 'backup-manager').map((n) => n.name)
  const backups = []
  for (let i = 0; i < Math.min(5000, size * 4); i++) backups.push(backup(rnd, meta, tasks[i % 4], managers, now - i * 20 * minute * rnd()))
  return { rnd, nodes, groups, users, clients, tasks, backups, restores: [], events: [], index, term: 41, leader: 'mgr-fra1-01', servedBy: 'mgr-muc1-01' }
}

function capacity(rnd, status) {
  const total = 40e12
  const used = status === 'degraded' ? 37.2e12 : total * (0.2 + rnd() * 0.6)
  return { total, used, free: total - used }
}

function backup(rnd, meta, task, managers, at) {
  const x = rnd()
  const status = x < 0.02 ? 'failed' : x < 0.05 ? 'warning' : x < 0.06 ? 'cancelled' : 'succeeded'
  const bytes = Math.round(rnd() * 4e11)
  return {
    ...meta(0),
    created_at: iso(at),
    updated_at: iso(at),
    task: task.name,
    client: task.client,
    status,
    attempt: 1,
    level: 'incremental',
    node: managers[Math.floor(rnd() * managers.length)] ?? '',
    storages: ['sto-ams2-0001'],
    progress: null,
    started_at: iso(at + 2000),
    finished_at: iso(at + 2000 + rnd() * 40 * minute),
    error: status === 'failed' ? 'target refused connection' : null,
    stats: status === 'failed' ? {} : { files: Math.round(rnd() * 1e6), bytes, new_files: 10, new_bytes: Math.round(bytes / 20), warnings: status === 'warning' ? 3 : 0 },
  }
}
