import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { flushEvery, Live, topicsFor, type Change, type Gap, type Source, type Told } from '../src/api/live'

class FakeSource implements Source {
  readyState = 0
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null
  closed = false
  private readonly listeners = new Map<string, (event: Told) => void>()

  addEventListener(type: string, listener: (event: Told) => void) {
    this.listeners.set(type, listener)
  }

  close() {
    this.closed = true
    this.readyState = 2
  }

  opens() {
    this.readyState = 1
    this.onopen?.()
  }

  breaks(forGood: boolean) {
    this.readyState = forGood ? 2 : 0
    this.onerror?.()
  }

  says(type: string, data: object, lastEventId = '') {
    this.listeners.get(type)!({ data: JSON.stringify(data), lastEventId })
  }
}

let sources: FakeSource[]
let live: Live
let batches: Change[][]
let urls: string[]
let gaps: Gap[]

beforeEach(() => {
  vi.useFakeTimers()
  sources = []
  batches = []
  urls = []
  gaps = []
  live = new Live((url) => {
    urls.push(url)
    const source = new FakeSource()
    sources.push(source)
    return source
  })
  live.onChanges((batch) => batches.push(batch))
  live.onResync((gap) => gaps.push(gap))
})

afterEach(() => {
  live.stop()
  vi.useRealTimers()
})

describe('the stream', () => {
  it('opens once, however often it is started', () => {
    live.start(['nodes', 'users', 'backups'])
    live.start(['nodes', 'users', 'backups'])
    expect(sources).toHaveLength(1)
    expect(live.getState().phase).toBe('connecting')
    sources[0]!.opens()
    expect(live.getState().phase).toBe('live')
    expect(gaps).toEqual([])
  })

  it('gathers changes, and hands on the last of each object', () => {
    live.start(['nodes', 'users', 'backups'])
    sources[0]!.opens()
    sources[0]!.says('nodes', { id: 'a', status: 'online' })
    sources[0]!.says('nodes', { id: 'a', status: 'offline' })
    sources[0]!.says('users', { id: 'a' })
    sources[0]!.says('progress', { topic: 'backups', id: 'a', progress: { bytes: 1 } })
    sources[0]!.says('progress', { topic: 'backups', id: 'a', progress: { bytes: 2 } })
    expect(batches).toHaveLength(0)
    vi.advanceTimersByTime(flushEvery)
    expect(batches).toHaveLength(1)
    expect(batches[0]).toEqual([
      { kind: 'changed', topic: 'nodes', id: 'a', object: { id: 'a', status: 'offline' } },
      { kind: 'changed', topic: 'users', id: 'a', object: { id: 'a' } },
      { kind: 'progress', topic: 'backups', id: 'a', progress: { bytes: 2 } },
    ])
  })

  it('lets a removal replace the change before it, and the other way round', () => {
    live.start(['nodes', 'users', 'backups'])
    sources[0]!.says('users', { id: 'a' })
    sources[0]!.says('removed', { topic: 'users', id: 'a' })
    sources[0]!.says('removed', { topic: 'users', id: 'b' })
    sources[0]!.says('users', { id: 'b' })
    vi.advanceTimersByTime(flushEvery)
    expect(batches[0]!.map((c) => [c.id, c.kind])).toEqual([
      ['a', 'removed'],
      ['b', 'changed'],
    ])
  })

  it('flushes at most four times a second', () => {
    live.start(['nodes', 'users', 'backups'])
    for (let i = 0; i < 100; i++) {
      sources[0]!.says('nodes', { id: `n${i}` })
      vi.advanceTimersByTime(10)
    }
    vi.advanceTimersByTime(flushEvery)
    expect(batches.length).toBeLessThanOrEqual(5)
    expect(batches.flat()).toHaveLength(100)
  })

  it('says Reconnecting while the browser tries again, and goes on once it is back', () => {
    live.start(['nodes', 'users', 'backups'])
    sources[0]!.opens()
    sources[0]!.breaks(false)
    expect(live.getState().phase).toBe('reconnecting')
    expect(sources).toHaveLength(1)
    sources[0]!.opens()
    expect(live.getState().phase).toBe('live')
    expect(gaps).toEqual(['whole'])
  })

  it('opens another stream when the browser gives up, later and later', () => {
    live.start(['nodes', 'users', 'backups'])
    sources[0]!.breaks(true)
    vi.advanceTimersByTime(999)
    expect(sources).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(sources).toHaveLength(2)
    sources[1]!.breaks(true)
    vi.advanceTimersByTime(1999)
    expect(sources).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(sources).toHaveLength(3)
    sources[2]!.opens()
    expect(live.getState().phase).toBe('live')
    expect(gaps).toEqual(['whole'])
  })

  it('goes on after the last event it saw', () => {
    live.start(['nodes', 'users'])
    sources[0]!.opens()
    sources[0]!.says('ready', { index: 7 }, '7')
    sources[0]!.says('nodes', { id: 'a' }, '9')
    sources[0]!.breaks(true)
    vi.advanceTimersByTime(1000)
    expect(urls).toEqual(['/v1/stream?topics=nodes,users', '/v1/stream?topics=nodes,users&index=9'])
  })

  it('asks for everything when the server cannot tell what was missed', () => {
    live.start(['nodes', 'users', 'backups'])
    sources[0]!.opens()
    sources[0]!.says('reset', {})
    expect(gaps).toEqual(['missed'])
  })

  it('ends for good', () => {
    live.start(['nodes', 'users', 'backups'])
    sources[0]!.opens()
    sources[0]!.says('nodes', { id: 'a' })
    live.stop()
    vi.advanceTimersByTime(60_000)
    expect(sources[0]!.closed).toBe(true)
    expect(batches).toHaveLength(0)
    expect(sources).toHaveLength(1)
    expect(live.getState().phase).toBe('off')
  })

  it('does not come back to life by an error after its end', () => {
    live.start(['nodes', 'users', 'backups'])
    const source = sources[0]!
    live.stop()
    source.breaks(true)
    vi.advanceTimersByTime(60_000)
    expect(sources).toHaveLength(1)
    expect(live.getState().phase).toBe('off')
  })
})

describe('topics', () => {
  it('are those that one may hear of, since one too many would close the stream', () => {
    expect(topicsFor(['self', 'nodes:read', 'backups:read'])).toEqual(['nodes', 'backups', 'restores', 'verifications', 'drills'])
    expect(topicsFor(['*'])).toHaveLength(16)
    expect(topicsFor([])).toEqual([])
  })
})
