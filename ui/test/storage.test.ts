// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import type { Client, Impact, Node, Verdict } from '../src/api/types'
import { accessWords } from '../src/components/AccessList'
import { changeOf, draftOf, emptyDraft, inputOf } from '../src/features/clients/draft'
import { copiesWords } from '../src/features/clients/hooks'
import { sortVerdicts } from '../src/features/clients/Responsible'
import { grantObstacle } from '../src/features/approvals/ApprovalDrawer'
import { consequences } from '../src/features/nodes/impact'
import { heldWords } from '../src/features/repositories/Copies'
import { fullIn, fullWords, scrubbedAt, sizeOf, worst } from '../src/features/repositories/health'

describe('a repository', () => {
  it('is as sound as its worst copy', () => {
    const of = (...states: string[]) => worst(states.map((state) => ({ state })))
    expect([of('written', 'whole'), of('written', 'behind'), of('behind', 'damaged'), of()]).toEqual(['written', 'behind', 'damaged', ''])
    expect(of('dreaming')).toBe('dreaming')
  })

  it('counts as read again when it was on each of its storages', () => {
    expect(scrubbedAt([{ scrubbed_at: '2026-02' }, { scrubbed_at: '2026-01' }])).toBe('2026-01')
    expect(scrubbedAt([{ scrubbed_at: '2026-02' }, { scrubbed_at: null }])).toBeNull()
    expect(scrubbedAt([])).toBeNull()
  })

  it('is full when the first of its own storages is', () => {
    const node = (name: string, full_in_days?: number) => ({ name, capacity: { full_in_days } }) as Node
    const nodes = [node('a', 40), node('b', 6), node('c', 1), node('d')]
    expect(fullIn({ storages: ['a', 'b'] }, nodes)).toBe(6)
    expect(fullIn({ storages: ['d'] }, nodes)).toBeUndefined()
    expect(fullWords(6)).toEqual({ text: 'full in 6 days', soon: true })
    expect(fullWords(300).soon).toBe(false)
    expect([fullWords(0).text, fullWords(undefined).text]).toEqual(['full today', 'no end in sight'])
  })

  it('is as large as on the storage that has most of it', () => {
    expect([sizeOf([{ bytes: 1 }, { bytes: 9 }]), sizeOf([])]).toEqual([9, 0])
    expect(heldWords({ blobs: 0, bytes: 0 })).toContain('nobody')
    expect(heldWords({ blobs: 2, bytes: 3000, extra: 1 })).toBe('2 blobs, 3.0 kB, 1 blob more than its source')
  })
})

describe('a client in its form', () => {
  const placement = { managers: { sites: ['fra1'], labels: {} }, storages: { sites: [], labels: { rack: '7' } }, spread: 'site' }
  const client = { name: 'web', address: 'h', labels: {}, copies: 2, parallel: 0, placement } as unknown as Client

  it('is the same when nothing was typed, and sends only what was', () => {
    const before = draftOf(client)
    expect(changeOf(before, before)).toEqual({})
    expect(changeOf(before, { ...before, copies: '3' })).toEqual({ copies: 3 })
    expect(inputOf(before).placement).toEqual(placement)
  })

  it('has a quota of its own, or shares a repository', () => {
    const draft = { ...emptyDraft, name: 'a', quota: '1.5' }
    expect(inputOf(draft)).toMatchObject({ quota: 1_500_000_000 })
    expect(inputOf({ ...draft, repository: 'r' })).not.toHaveProperty('quota')
    expect(inputOf({ ...draft, quota: '' })).not.toHaveProperty('quota')
  })
})

describe('who answers for a client', () => {
  it('is told with too few copies standing out', () => {
    expect(copiesWords({ complete: 1, copies: 2 })).toEqual({ text: '1 of 2 complete', short: true })
    expect(copiesWords({ complete: 2, copies: 2 }).short).toBe(false)
    expect(copiesWords(undefined).short).toBe(false)
  })

  it('begins with those who were chosen', () => {
    const verdict = (node: string, chosen: boolean, role = 'backup-manager') => ({ node, chosen, role }) as Verdict
    const sorted = sortVerdicts([verdict('a', false), verdict('s', true, 'backup-storage'), verdict('b', true)])
    expect(sorted.map((v) => v.node)).toEqual(['b', 'a', 's'])
  })
})

describe('the loss of a node', () => {
  const none = { backups: [], clients: [], jobs: [], node: 'n', only_copies: [], waiting: [], without_runner: [] } as Impact

  it('means nothing when nothing depends on it', () => {
    expect(consequences({ ...none, clients: ['a'] })).toEqual([])
  })

  it('is told with lost data first, each client once', () => {
    const found = consequences({ ...none, waiting: ['a'], backups: ['b1'], only_copies: [{ repository: 'r', clients: ['a', 'b'] }, { repository: 's', clients: ['b'] }] })
    expect(found.map((c) => c.severity)).toEqual(['bad', 'warn', 'info'])
    expect(found[0]).toMatchObject({ names: ['a', 'b'], text: expect.stringContaining('2 clients') })
  })
})

describe('an access list', () => {
  it('is told in a sentence', () => {
    expect(accessWords(null)).toContain('Open')
    expect(accessWords({ users: ['ada'], groups: ['Operators'] })).toBe('Only group Operators, ada, with the rights that their groups give them.')
    expect(accessWords({ users: [], groups: [] })).toContain('Nobody')
  })
})

describe('a change that needs two people', () => {
  it('is not granted by who asked for it, nor twice', () => {
    expect(grantObstacle({ by: 'user:ada', status: 'pending' }, 'ada')).toContain('another user')
    expect(grantObstacle({ by: 'user:ada', status: 'pending' }, 'bob')).toBeUndefined()
    expect(grantObstacle({ by: 'user:ada', status: 'granted' }, 'bob')).toContain('any more')
  })
})
