import { describe, expect, it } from 'vitest'
import type { Change, Thing } from '../src/api/live'
import { merge, patch, type Pages } from '../src/api/patch'

interface Row extends Thing {
  name: string
  status: string
  index: number
  created_at: string
  updated_at: string
}

const row = (id: string, index = 1, status = 'online', age = 1): Row => ({
  id,
  name: id,
  status,
  index,
  created_at: 't0',
  updated_at: `t${age}`,
})
const pages = (...parts: Row[][]): Pages<Row> => ({
  pages: parts.map((items, i) => ({ items, total: 9, next: i < parts.length - 1 ? 'more' : undefined })),
  pageParams: parts.map(() => undefined),
})
const changed = (object: Row): Change => ({ kind: 'changed', topic: 'nodes', id: object.id, object })
const removed = (id: string): Change => ({ kind: 'removed', topic: 'nodes', id })
const rules = { moves: (a: Row, b: Row) => a.status !== b.status, matches: () => true, complete: true }

describe('patch', () => {
  it('changes a row where it stands', () => {
    const out = patch(pages([row('a'), row('b')], [row('c')]), [changed({ ...row('c', 2), name: 'new' })], rules)
    expect(out.pages.pages.map((p) => p.items.map((r) => r.name))).toEqual([['a', 'b'], ['new']])
    expect(out.moved).toEqual([])
  })

  it('gives the very same pages when nothing in them changed', () => {
    const before = pages([row('a')])
    expect(patch(before, [changed(row('z'))], { ...rules, matches: () => false }).pages).toBe(before)
    expect(patch(before, [], rules).pages).toBe(before)
  })

  it('counts a change of what is sorted by as a move, and still shows it', () => {
    const out = patch(pages([row('a'), row('b')]), [changed(row('b', 2, 'offline'))], rules)
    expect(out.moved).toEqual(['b'])
    expect(out.pages.pages[0]!.items[1]!.status).toBe('offline')
  })

  it('keeps a removed row in its place, and says that it is gone', () => {
    const out = patch(pages([row('a'), row('b')]), [removed('a')], rules)
    expect(out.gone).toEqual(['a'])
    expect(out.moved).toEqual(['a'])
    expect(out.pages.pages[0]!.items).toHaveLength(2)
  })

  it('counts a row that is not here only when it belongs here', () => {
    const before = pages([row('a')])
    expect(patch(before, [changed(row('new'))], rules).moved).toEqual(['new'])
    expect(patch(before, [changed(row('new'))], { ...rules, matches: () => false }).moved).toEqual([])
  })

  it('takes an old row that is not loaded yet for one further down', () => {
    const before = pages([row('a')])
    const some = { ...rules, complete: false }
    expect(patch(before, [changed(row('far', 5, 'online', 3))], some).moved).toEqual([])
    expect(patch(before, [changed(row('new', 5, 'online', 0))], some).moved).toEqual(['new'])
  })

  it('counts a row once, however often it changed', () => {
    const batch = [changed(row('a', 2, 'offline')), changed(row('a', 3, 'online')), changed(row('a', 4, 'offline'))]
    expect(patch(pages([row('a')]), batch, rules).moved).toEqual(['a'])
  })

  it('does not count the removal of a row that is not here', () => {
    expect(patch(pages([row('a')]), [removed('z')], rules)).toMatchObject({ moved: [], gone: [] })
  })
})

describe('merge', () => {
  it('leaves an older object out', () => {
    expect(merge(row('a', 5), changed(row('a', 4, 'offline'))).status).toBe('online')
    expect(merge(row('a', 5), changed(row('a', 5, 'offline'))).status).toBe('offline')
  })

  it('adds progress to a backup', () => {
    const progress = { phase: 'upload', files: 1, bytes: 2, total_files: 3, total_bytes: 4, rate: 5, eta: '6s' } as never
    expect(merge(row('a'), { kind: 'progress', topic: 'backups', id: 'a', progress })).toMatchObject({ id: 'a', progress })
  })

  it('keeps fields that the change does not have', () => {
    const partial = { id: 'a', index: 2, status: 'offline' } as Row
    expect(merge(row('a'), changed(partial))).toMatchObject({ name: 'a', status: 'offline' })
  })
})
