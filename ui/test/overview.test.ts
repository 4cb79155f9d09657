import { describe, expect, it } from 'vitest'
import type { Alert, Backup, Node } from '../src/api/types'
import { attention, type Known } from '../src/features/overview/attention'
import { ceiling, hours } from '../src/features/overview/results'
import { successRate } from '../src/features/overview/Tiles'
import { arrange } from '../src/features/overview/topology'

const node = (name: string, status: string) => ({ id: name, name, status, mode: 'active', roles: ['backup-manager'], site: 'fra1', reason: '' }) as Node
const alert = (severity: string, kind: string, name: string, text: string, noun = 'nodes') =>
  ({ severity, kind, object: { kind: noun, id: name, name }, since: null, text }) as Alert
const failed = (id: string, error: string) => ({ id, task: id, client: 'c', error, finished_at: 't' }) as unknown as Backup

const nothing: Known = { alerts: undefined, failed: undefined }
const titles = (known: Partial<Known>) => attention({ ...nothing, ...known }).map((thing) => `${thing.severity} ${thing.title}`)

describe('what needs attention', () => {
  it('is nothing when all is well, or nothing is known yet', () => {
    expect(titles({})).toEqual([])
    expect(titles({ alerts: [], failed: { items: [], total: 0 } })).toEqual([])
  })

  it('is what the server says, with names in their own case', () => {
    const alerts = [alert('critical', 'no_leader', '', 'the managers have no leader', 'cluster'), alert('warning', 'node_degraded', 'b', 'b is degraded: slow')]
    expect(titles({ alerts })).toEqual(['bad The managers have no leader', 'warn b is degraded: slow'])
  })

  it('calls people by their names', () => {
    expect(titles({ alerts: [alert('warning', 'approval_pending', 'b', 'user:ada asks for a change', 'backups')] })).toEqual(['warn ada asks for a change'])
  })

  it('leads to what it is about', () => {
    const to = (a: Alert) => attention({ ...nothing, alerts: [a] })[0]!.to
    expect(to(alert('critical', 'node_offline', 'a', ''))).toEqual({ page: 'nodes', search: { node: 'a' } })
    expect(to(alert('critical', 'backup_overdue', 't', '', 'tasks'))).toEqual({ page: 'tasks', search: { task: 't' } })
    expect(to(alert('warning', 'copy_behind', 'r', '', 'repositories'))).toEqual({ page: 'repositories', search: { repository: 'r' } })
    expect(to(alert('warning', 'approval_pending', 'x', '', 'tasks')).page).toBe('approvals')
    expect(to(alert('critical', 'no_leader', '', '', 'cluster')).page).toBe('cluster')
    expect(to(alert('critical', 'backup_damaged', 'x', '', 'backups'))).toEqual({ page: 'backup', id: 'x' })
  })

  it('sums many of a kind up', () => {
    const alerts = Array.from({ length: 44 }, (_, i) => alert('critical', 'node_offline', `n${i}`, `n${i} is offline`))
    const [thing, ...more] = attention({ ...nothing, alerts })
    expect(thing).toMatchObject({ title: 'Node offline: 44 cases', note: 'n0, n1, n2 and others', to: { page: 'nodes', search: { status: 'offline' } } })
    expect(more).toEqual([])
  })

  it('names a failed backup once, and those that the server does not speak of after it', () => {
    const alerts = [alert('warning', 'backup_failed', 'x', 'the last backup of x failed: no route', 'tasks')]
    const both = { alerts, failed: { items: [failed('x', 'no route'), failed('y', 'no room')], total: 2 } }
    expect(titles(both)).toEqual(['warn The last backup of x failed: no route', 'warn Backup of y failed'])
  })

  it('finds the one cause of many failures', () => {
    const items = Array.from({ length: 6 }, (_, i) => failed(`b${i}`, 'target refused connection'))
    const [thing] = attention({ ...nothing, failed: { items, total: 38 } })
    expect(thing).toMatchObject({ title: '38 backups failed in the last 24 hours', note: 'One cause: target refused connection' })
  })
})

describe('the picture of the grid', () => {
  it('has a column for each site and a row for each tier that has nodes', () => {
    const table = arrange([
      { site: '', role: 'backup-storage', status: 'online', nodes: 1 },
      { site: 'muc1', role: 'backup-manager', status: 'online', nodes: 3 },
      { site: 'muc1', role: 'backup-manager', status: 'offline', nodes: 1 },
      { site: 'ams2', role: 'cluster-manager', status: 'online', nodes: 1 },
    ])
    expect(table.sites).toEqual(['ams2', 'muc1', ''])
    expect(table.rows.map((row) => [row.role, row.places.map((p) => p.total)])).toEqual([
      ['backup-manager', [0, 4, 0]],
      ['backup-storage', [0, 0, 1]],
    ])
    expect(table.rows[0]!.places[1]!.by).toMatchObject({ online: 3, offline: 1 })
  })

  it('names the nodes of a place when they are few, and all known', () => {
    const cells = [{ site: 'fra1', role: 'backup-manager', status: 'online', nodes: 2 }]
    const named = (nodes: Node[]) => arrange(cells, nodes).rows[0]!.places[0]!.nodes?.map((n) => n.name)
    expect(named([node('a', 'online'), node('b', 'online')])).toEqual(['a', 'b'])
    expect(named([node('a', 'online')])).toBeUndefined()
    const many = Array.from({ length: 7 }, (_, i) => node(`n${i}`, 'online'))
    expect(arrange([{ ...cells[0]!, nodes: 7 }], many).rows[0]!.places[0]!.nodes).toBeUndefined()
  })

  it('counts nodes in a state that it does not know', () => {
    expect(arrange([{ site: 'a', role: 'backup-manager', status: 'dreaming', nodes: 2 }]).rows[0]!.places[0]!.total).toBe(2)
  })
})

describe('the chart of results', () => {
  it.each([
    [0, 4],
    [4, 4],
    [5, 10],
    [14, 20],
    [21, 40],
    [41, 100],
    [360, 400],
    [401, 1000],
  ])('for %s ends at %s', (n, end) => expect(ceiling(n)).toBe(end))

  it('names every third hour', () => {
    const first = new Date(2026, 10, 23, 8, 0).getTime()
    const buckets = Array.from({ length: 8 }, (_, i) => ({ from: new Date(first + i * 1_800_000).toISOString(), succeeded: 0, warning: 0, failed: 0 }))
    expect(hours(buckets)).toEqual([{ at: 0.25, label: '09:00' }])
  })

  it('never rounds a failure away', () => {
    expect([successRate(10, 10), successRate(99_999, 100_000), successRate(0, 3)]).toEqual(['100 %', '99.9 %', '0.0 %'])
  })
})
