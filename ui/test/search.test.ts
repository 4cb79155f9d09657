import { describe, expect, it } from 'vitest'
import { day, formatQuery, many, open, parseQuery, Search, sorting, text, word } from '../src/components/search'
import { backupSearch } from '../src/features/backups/search'
import { nodeSearch } from '../src/features/nodes/search'

const search = new Search({
  q: text(),
  status: many(['online', 'offline']),
  site: open(),
  sort: sorting(['name', 'status'], 'status'),
  from: day(),
  view: word(['table', 'map'], 'table'),
})

describe('the search part of a URL', () => {
  it('is read', () => {
    expect(search.read(parseQuery('?q=a+b&status=online&status=offline&site=fra1&sort=-name&from=2026-11-23&view=map'))).toEqual({
      q: 'a b',
      status: ['online', 'offline'],
      site: ['fra1'],
      sort: '-name',
      from: '2026-11-23',
      view: 'map',
    })
  })

  it('is written and read back to the same', () => {
    const values = { q: 'ä&=?#%', status: ['offline' as const], site: ['a b', 'c,d'], sort: '-status', from: '', view: 'table' as const }
    expect(search.read(parseQuery(formatQuery(search.write(values))))).toEqual(values)
  })

  it.each([
    ['nothing', ''],
    ['unknown names', '?colour=red&page=7'],
    ['unknown values', '?status=purple&sort=colour&view=tree'],
    ['nonsense', '?from=yesterday&status=&status=,&sort=--name'],
    ['a date that does not exist', '?from=2026-13-45'],
  ])('drops %s', (_, query) => {
    expect(search.clean(parseQuery(query))).toEqual({})
  })

  it('keeps what is known beside what is not', () => {
    expect(search.clean(parseQuery('?status=purple&status=online&x=1&q=z'))).toEqual({ status: 'online', q: 'z' })
  })

  it('does not say what goes without saying', () => {
    expect(formatQuery(search.write({ q: '', status: [], site: [], sort: 'status', from: '', view: 'table' }))).toBe('')
  })

  it('takes a repeated value once', () => {
    expect(search.read(parseQuery('?site=a&site=a&status=online&status=online'))).toMatchObject({ site: ['a'], status: ['online'] })
  })

  it('changes only what it is told to', () => {
    expect(search.write({ status: ['online'] })).toEqual({ status: 'online' })
  })

  it('never throws, whatever the URL is', () => {
    for (const query of ['?%', '?%E0%A4%A', '?&&==', '?a', '?__proto__=1&constructor=2&status=__proto__', `?q=${'x'.repeat(10_000)}`]) {
      expect(() => nodeSearch.clean(parseQuery(query))).not.toThrow()
      expect(() => backupSearch.clean(parseQuery(query))).not.toThrow()
    }
  })
})

describe('pages', () => {
  it('have an empty URL at first', () => {
    expect(nodeSearch.write(nodeSearch.read({}))).toEqual({})
    expect(backupSearch.write(backupSearch.read({}))).toEqual({})
  })
})
