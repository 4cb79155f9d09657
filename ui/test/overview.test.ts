import { describe, expect, it } from 'vitest'
import type { Backup, Cluster, Node, Stats } from '../src/api/types'
import { attention, type Known } from '../src/features/overview/attention'
import { ceiling, hours } from '../src/features/overview/results'
import { successRate } from '../src/features/overview/Tiles'
import { arrange } from '../src/features/overview/topology'

const node = (name: string, status: string, mode = 'active') => ({ id: name, name, status, mode, roles: ['backup-manager'], site: 'fra1', reason: '' }) as Node
const member = (name: string, healthy: boolean) => ({ id: name, name, voter: true, healthy })
const cluster = (leader: string, healthy: boolean[], failure_tolerance: number) =>
  ({ leader, failure_tolerance, members: healthy.map((h, i) => member(`m${i}`, h)) }) as unknown as Cluster
const stats = (by_status: Record<string, number>, used = 1, capacity = 10) => ({ nodes: { by_status }, storage: { used, capacity } }) as unknown as Stats
const failed = (id: string, error: string) => ({ id, task: id, client: 'c', error, finished_at: 't' }) as unknown as Backup

const nothing: Known = { stats: undefined, cluster: undefined, nodes: undefined, failed: undefined }
const titles = (known: Partial<Known>) => attention({ ...nothing, ...known }).map((thing) => `${thing.severity} ${thing.title}`)

describe('what needs attention', () => {
  it('is nothing when all is well, or nothing is known yet', () => {
    expect(titles({})).toEqual([])
    expect(titles({ cluster: cluster('m0', [true, true, true], 1), stats: stats({ online: 3 }), nodes: { items: [], total: 0 } })).toEqual([])
  })

  it('names few nodes one by one', () => {
    const nodes = { items: [node('a', 'offline'), node('b', 'degraded')], total: 2 }
    expect(titles({ nodes, stats: stats({ offline: 1, degraded: 1 }) })).toEqual(['bad a does not answer', 'warn b is degraded'])
  })

  it('sums many up', () => {
    const items = Array.from({ length: 20 }, (_, i) => node(`n${i}`, 'offline'))
    expect(titles({ nodes: { items, total: 44 }, stats: stats({ offline: 44 }) })).toEqual(['bad 44 nodes are offline'])
  })

  it('is quiet about nodes in maintenance', () => {
    expect(titles({ nodes: { items: [node('a', 'offline', 'maintenance')], total: 1 }, stats: stats({ offline: 1 }) })).toEqual([])
  })

  it('puts what is worst first', () => {
    const known = {
      failed: { items: [failed('x', 'no route')], total: 1 },
      nodes: { items: [node('a', 'degraded')], total: 1 },
      cluster: cluster('', [true, false, false], 0),
    }
    expect(titles(known)[0]).toBe('bad The managers have no leader')
    expect(titles(known).slice(1).every((t) => t.startsWith('warn'))).toBe(true)
  })

  it('tells a lost manager that can be borne from one that cannot', () => {
    expect(titles({ cluster: cluster('m0', [true, true, true, true, false], 1) })).toEqual(['warn 1 manager of 5 does not answer: m4'])
    expect(titles({ cluster: cluster('m0', [true, true, false], 0) })).toEqual(['bad 1 manager of 3 does not answer: m2'])
  })

  it('names a lost manager once, though it is a node too', () => {
    const nodes = { items: [node('m2', 'offline')], total: 1 }
    expect(titles({ nodes, stats: stats({ offline: 1 }), cluster: cluster('m0', [true, true, false], 0) })).toHaveLength(1)
  })

  it('finds the one cause of many failures', () => {
    const items = Array.from({ length: 6 }, (_, i) => failed(`b${i}`, 'target refused connection'))
    const [thing] = attention({ ...nothing, failed: { items, total: 38 } })
    expect(thing).toMatchObject({ title: '38 backups failed in the last 24 hours', note: 'One cause: target refused connection' })
  })

  it('warns of storage that is nearly full', () => {
    expect(titles({ stats: stats({}, 94, 100) })).toEqual(['warn Storage is 94 % full'])
    expect(titles({ stats: stats({}, 0, 0) })).toEqual([])
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
