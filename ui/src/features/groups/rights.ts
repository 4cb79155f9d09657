/** The areas of rights, and the verbs there are in each. */
export const areas = [
  { area: 'nodes', verbs: ['read', 'write'], says: 'Nodes and SEP sesam servers' },
  { area: 'users', verbs: ['read', 'write'], says: 'Users, and bringing servers in step' },
  { area: 'groups', verbs: ['read', 'write'], says: 'Groups and access lists' },
  { area: 'tokens', verbs: ['read', 'write'], says: 'Join tokens and API tokens' },
  { area: 'certificates', verbs: ['read', 'write'], says: 'Certificates' },
  { area: 'data', verbs: ['read', 'write'], says: 'Clients, tasks, schedules, repositories' },
  { area: 'backups', verbs: ['read', 'run', 'restore', 'delete'], says: 'Backups' },
  { area: 'cluster', verbs: ['read', 'write'], says: 'Managers and settings' },
  { area: 'events', verbs: ['read'], says: 'The audit log' },
] as const

/** All verbs, in the order of the matrix. */
export const verbs = ['read', 'write', 'run', 'restore', 'delete'] as const

/** Every right, as the server names it. */
export const allRights = areas.flatMap(({ area, verbs }) => verbs.map((verb) => `${area}:${verb}`))

/** Whether an area has a verb at all. */
export function exists(area: string, verb: string): boolean {
  return areas.some((known) => known.area === area && (known.verbs as readonly string[]).includes(verb))
}

/** Whether a group with these rights has one; * stands for all. */
export function has(rights: string[], area: string, verb: string): boolean {
  return rights.includes('*') || rights.includes(`${area}:${verb}`)
}

/**
 * The rights after one was given or taken. Who may change something may see it:
 * giving any verb gives read, and taking read takes the others.
 */
export function toggled(rights: string[], area: string, verb: string, on: boolean): string[] {
  const set = new Set(rights)
  if (on) {
    set.add(`${area}:${verb}`)
    set.add(`${area}:read`)
  } else {
    set.delete(`${area}:${verb}`)
    if (verb === 'read') for (const other of rights) if (other.startsWith(`${area}:`)) set.delete(other)
  }
  return [...set]
}

/** "all", "nothing" or how many rights there are. */
export function rightsWords(rights: string[]): string {
  if (rights.includes('*')) return 'all'
  if (rights.length === 0) return 'none'
  const by = areas.map(({ area }) => ({ area, verbs: verbs.filter((verb) => rights.includes(`${area}:${verb}`)) })).filter((known) => known.verbs.length > 0)
  return by.map(({ area, verbs }) => `${area} ${verbs.filter((verb) => verb !== 'read' || verbs.length === 1).join(' ')}`).join(', ')
}
