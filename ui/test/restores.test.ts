// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import type { Job } from '../src/api/types'
import { changesOf, changeWords, kindWords, nounOf, outcome, whatOf, whereTo } from '../src/components/jobs'
import { archiveOf, contentOf, folderOf } from '../src/features/backups/paths'
import { searchedWords } from '../src/features/backups/FindPage'
import { emptyWish, readyWish, restoreBody } from '../src/features/backups/wish'

const job = (more: Partial<Job>) => ({ kind: 'restore', error: null, stats: { files: 3, bytes: 2000 }, ...more }) as Job

describe('the wish to restore', () => {
  it('is complete with a node and an absolute folder, or with the origin', () => {
    expect(readyWish(emptyWish)).toBe(false)
    expect(readyWish({ ...emptyWish, node: 'n', target: 'srv' })).toBe(false)
    expect(readyWish({ ...emptyWish, node: 'n', target: '/srv' })).toBe(true)
    expect(readyWish({ ...emptyWish, origin: true })).toBe(true)
  })

  it('is one restore of one path or of several', () => {
    const wish = { ...emptyWish, node: 'n', target: '/srv' }
    expect(restoreBody(['/a'], wish, false)).toEqual({ path: '/a', node: 'n', target: '/srv', overwrite: 'never' })
    expect(restoreBody(['/a', '/b'], wish, true)).toEqual({ paths: ['/a', '/b'], node: 'n', target: '/srv', overwrite: 'never', dry_run: true })
  })

  it('to the origin names no folder, though one was typed', () => {
    expect(restoreBody(['/'], { ...emptyWish, origin: true, target: '/srv' }, false)).toEqual({ path: '/', origin: true, overwrite: 'never' })
  })
})

describe('a job in words', () => {
  it('says what is restored, and where to', () => {
    expect([whatOf({ path: '/' }), whatOf({ path: '/a' }), whatOf({ paths: ['/a', '/b', '/c'] })]).toEqual(['everything', '/a', '/a and 2 others'])
    expect([whereTo({ origin: true }), whereTo({ target: '/srv' })]).toEqual(['to where it was', '/srv'])
    expect(kindWords({ kind: 'restore', dry_run: true })).toBe('Trial restore')
    expect([nounOf('drill'), nounOf('scrub')]).toEqual(['drills', 'jobs'])
  })

  it('tells what would change, what is lost first, and nothing when that is so', () => {
    const changes = [
      { kind: 'same', count: 5, paths: [] },
      { kind: 'new', count: 2, paths: ['a'] },
      { kind: 'replaced', count: 1, paths: ['b'] },
      { kind: 'skipped', count: 0, paths: [] },
    ]
    expect(changeWords({ changes })).toBe('1 replaced, 2 new, 5 the same already')
    expect(changesOf({ changes }).map((c) => c.kind)).toEqual(['replaced', 'new', 'same'])
    expect(changeWords({})).toBe('nothing would change')
    expect(outcome(job({ dry_run: true, changes }))).toContain('1 replaced')
  })

  it('tells what was proved, and what was not', () => {
    const report = { files: 19, mismatches: 0, bytes: 3e6 } as Job['report']
    expect(outcome(job({ kind: 'drill', report }))).toBe('19 files restored and the same, 3.0 MB')
    expect(outcome(job({ kind: 'drill', report: { ...report!, mismatches: 1 } }))).toBe('1 file of 20 not the same')
    expect(outcome(job({ error: 'no room' }))).toBe('no room')
    expect(outcome(job({}))).toBe('3 files, 2.0 kB')
  })
})

describe('a file of a backup', () => {
  it('has a folder and places to load it from', () => {
    expect([folderOf('/a/b'), folderOf('/a')]).toEqual(['/a', '/'])
    expect(contentOf('x', '/a b')).toBe('/v1/backups/x/files/content?path=%2Fa%20b')
    expect(archiveOf('x', '/a&b', 'zip')).toBe('/v1/backups/x/files/archive?path=%2Fa%26b&format=zip')
  })

  it('that was looked for: how far the search came', () => {
    expect(searchedWords({ backups: 8, searched: 8, partial: false })).toBe('8 of 8 backups searched.')
    expect(searchedWords({ backups: 8, searched: 3, partial: true })).toContain('there may be more')
  })
})
