// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import type { Backup, Task } from '../src/api/types'
import { many, plural } from '../src/components/format'
import { changed, labelLines, labelsOf, lines } from '../src/components/lines'
import { retentionOf, retentionTyped, retentionWords } from '../src/components/retention'
import { changeOf, draftOf, emptyDraft, gaps, hasTimedLimits, inputOf, sourceWords } from '../src/features/tasks/draft'
import { newer } from '../src/features/tasks/hooks'
import { keptWords } from '../src/features/tasks/RetentionPreview'

const task = {
  name: 'db',
  client: 'web',
  source: { paths: ['/srv', '/etc'], exclude: ['*.tmp'] },
  schedule: 'nightly',
  retention: { daily: 7 },
  nodes: [],
  priority: 5,
  retry: { attempts: 3, pause: '5m0s' },
  max_runtime: '6h0m0s',
  bandwidth: [{ rate: 2_500_000 }],
  pre: ['/bin/sh', '-c', 'sync'],
  post: [],
} as unknown as Task

describe('a task in its form', () => {
  it('is the same when nothing was typed', () => {
    expect(changeOf(draftOf(task), draftOf(task))).toEqual({})
    expect(inputOf(draftOf(task))).toMatchObject({ source: task.source, bandwidth: task.bandwidth, retry: task.retry, pre: task.pre })
  })

  it('sends only what was changed, and never its client', () => {
    const before = draftOf(task)
    expect(changeOf(before, { ...before, client: 'other', schedule: '', max_runtime: '' })).toEqual({ schedule: '', max_runtime: '' })
    expect(changeOf(before, { ...before, exclude: '' })).toEqual({ source: { paths: ['/srv', '/etc'], exclude: [] } })
  })

  it('takes a command instead of paths', () => {
    const draft = { ...emptyDraft, name: ' dump ', client: 'web', kind: 'command' as const, command: 'pg_dump\n  db \n\n', file: 'db.sql' }
    expect(inputOf(draft)).toMatchObject({ name: 'dump', source: { command: ['pg_dump', 'db'], name: 'db.sql' } })
  })

  it('says what is missing, and which path is not absolute', () => {
    expect(gaps(emptyDraft)).toEqual({ name: expect.any(String), client: expect.any(String), paths: expect.any(String) })
    expect(gaps({ ...draftOf(task), paths: '/srv\nhome' })).toEqual({ paths: expect.stringContaining('home') })
    expect(gaps({ ...draftOf(task), kind: 'command' })).toEqual({ command: expect.any(String) })
    expect(gaps(draftOf(task))).toEqual({})
  })

  it('leaves limits by the time of day to the command line', () => {
    expect(hasTimedLimits(task)).toBe(false)
    expect(hasTimedLimits({ ...task, bandwidth: [{ rate: 1, from: '08:00', to: '18:00' }] })).toBe(true)
  })

  it('is told in one line', () => {
    expect(sourceWords(task.source)).toBe('/srv, /etc')
    expect(sourceWords({ command: ['pg_dump', 'db'] })).toBe('output of pg_dump db')
  })
})

describe('a retention', () => {
  it('is told by its rules; without any it keeps everything', () => {
    expect(retentionWords({ daily: 7, last: 2 })).toBe('2 newest, 7 daily')
    expect(retentionWords({})).toBe('everything')
    expect(retentionWords(undefined)).toBe('everything')
  })

  it('is typed; nonsense counts as nothing', () => {
    expect(retentionOf({ ...retentionTyped({ weekly: 4 }), daily: 'x', hourly: '0', yearly: '1.5' })).toEqual({ weekly: 4 })
  })

  it('says what stays and what goes', () => {
    const items = [
      { backup: 'a', keep: true, bytes: 5, reasons: [], started_at: '' },
      { backup: 'b', keep: false, bytes: 40e9, reasons: [], started_at: '' },
    ]
    expect(keptWords({ kept: 1, gone: 1, items })).toBe('1 backup stays, 1 backup (40.0 GB to restore) goes.')
    expect(keptWords({ kept: 2, gone: 0, items: items.slice(0, 1) })).toBe('2 backups stay, none goes.')
    expect(keptWords({ kept: 0, gone: 0, items: [] })).toContain('no backups')
  })
})

describe('the newest backup of a task', () => {
  const backup = (id: string, created_at: string) => ({ id, created_at }) as Backup
  it('is the one made last, as it is now', () => {
    expect(newer(null, backup('a', '1'))).toBe(true)
    expect(newer(backup('a', '1'), backup('a', '1'))).toBe(true)
    expect(newer(backup('b', '2'), backup('a', '1'))).toBe(false)
  })
})

describe('what is typed', () => {
  it('is read line by line', () => {
    expect(lines(' a \n\nb')).toEqual(['a', 'b'])
    expect(labelsOf('rack=7\nfast\n = x')).toEqual({ rack: '7', fast: '', '': 'x' })
    expect(labelLines({ rack: '7', fast: '' })).toBe('rack=7\nfast=')
  })

  it('is compared field by field', () => {
    expect(changed({ a: 1, b: [1] }, { a: 1, b: [2] })).toEqual({ b: [2] })
    expect(changed<{ a?: number; b?: number }>({ a: 1 }, { b: 2 })).toEqual({ a: undefined, b: 2 })
  })
})

describe('a noun', () => {
  it('is put into the plural as in English', () => {
    expect([many('repository'), many('day'), plural(1, 'repository'), plural(2, 'task')]).toEqual(['repositories', 'days', '1 repository', '2 tasks'])
  })
})
