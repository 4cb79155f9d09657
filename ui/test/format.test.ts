import { describe, expect, it } from 'vitest'
import { actionName, ago, bytes, duration, percent, plural, sentence, shortCount, span } from '../src/components/format'
import { fraction, goDuration, progressWords, took } from '../src/components/run'

describe('numbers', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1536, '1.5 kB'],
    [99_940, '99.9 kB'],
    [99_960, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [68.1e15, '68.1 PB'],
    [undefined, '–'],
  ])('%s bytes are %s', (n, text) => expect(bytes(n)).toBe(text))

  it.each([
    [8999, '8,999'],
    [99_999, '99,999'],
    [123_456, '123 k'],
    [999_600, '1.00 M'],
    [1_020_000, '1.02 M'],
  ])('%s is short for %s', (n, text) => expect(shortCount(n)).toBe(text))

  it.each([
    [0, 10, '0 %'],
    [1, 1000, '< 1 %'],
    [999, 1000, '99 %'],
    [1000, 1000, '100 %'],
    [5, 0, '–'],
  ])('%s of %s is %s', (part, whole, text) => expect(percent(part, whole)).toBe(text))

  it('counts nouns', () => {
    expect([plural(1, 'node'), plural(0, 'node'), plural(1234, 'node')]).toEqual(['1 node', '0 nodes', '1,234 nodes'])
  })
})

describe('times', () => {
  it.each([
    [4000, '4 s'],
    [59_400, '59 s'],
    [60_000, '1 min'],
    [31 * 60_000, '31 min'],
    [2 * 3_600_000, '2 h'],
    [47 * 3_600_000, '47 h'],
    [72 * 3_600_000, '3 d'],
    [-5, '0 s'],
  ])('%s ms span %s', (ms, text) => expect(span(ms)).toBe(text))

  it.each([
    [7000, '7 s'],
    [127_000, '2 min 07 s'],
    [3_840_000, '1 h 04 min'],
    [90_000_000, '1 d 1 h'],
  ])('%s ms last %s', (ms, text) => expect(duration(ms)).toBe(text))

  it('tell the past from the future', () => {
    const now = Date.parse('2026-11-23T12:00:00Z')
    expect(ago('2026-11-23T11:00:00Z', now)).toBe('1 h ago')
    expect(ago('2026-11-26T12:00:00Z', now)).toBe('in 3 d')
    expect(ago('2026-11-23T12:00:01Z', now)).toBe('0 s ago') // clocks differ a little
    expect(ago(null, now)).toBe('–')
    expect(ago('nonsense', now)).toBe('–')
  })

  it.each([
    ['12s', 12_000],
    ['1h2m3.5s', 3_723_500],
    ['250ms', 250],
    ['1m0s', 60_000],
    ['', undefined],
    ['soon', undefined],
    ['5 s', undefined],
    ['12', undefined],
  ])('the duration %s is %s ms', (text, ms) => expect(goDuration(text)).toBe(ms))
})

describe('what was done', () => {
  it.each([
    ['user.create', 'User created'],
    ['backup.finish', 'Backup finished'],
    ['backup.cancel', 'Backup cancelled'],
    ['node.leave', 'Node left'],
    ['user.password', 'User password changed'],
  ])('%s reads %s', (action, words) => expect(actionName(action)).toBe(words))
})

describe('progress', () => {
  const progress = { phase: 'upload', files: 1, bytes: 620, total_files: 2, total_bytes: 1000, rate: 1, eta: '18m4s' } as never

  it('says how much and how long', () => {
    expect(fraction(progress)).toBe(0.62)
    expect(progressWords(progress)).toBe('62 %, 18 min left')
  })

  it('is not done before it is done, nor beyond it', () => {
    expect(progressWords({ ...(progress as object), bytes: 1000, eta: '' } as never)).toBe('99 %')
    expect(fraction({ ...(progress as object), bytes: 5000 } as never)).toBe(1)
  })

  it('makes no promise when the total is not known', () => {
    const unknown = { ...(progress as object), total_bytes: 0, total_files: 0, eta: '' } as never
    expect(fraction(unknown)).toBeUndefined()
    expect(progressWords(unknown)).toBe('620 B')
    expect(progressWords(undefined)).toBe('')
  })

  it('knows how long a run took, and that a dead one takes no longer', () => {
    const run = { started_at: '2026-11-23T12:00:00Z', finished_at: null, status: 'running' }
    const now = Date.parse('2026-11-23T12:01:05Z')
    expect(took(run, now)).toBe('1 min 05 s')
    expect(took({ ...run, status: 'failed' }, now)).toBe('–')
    expect(took({ ...run, status: 'succeeded', finished_at: '2026-11-23T12:00:07Z' }, now)).toBe('7 s')
    expect(took({ ...run, started_at: null }, now)).toBe('–')
  })
})

it('sentence', () => expect([sentence('active'), sentence('')]).toEqual(['Active', '–']))
