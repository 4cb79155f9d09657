import { useSyncExternalStore } from 'react'
import type { Progress } from './types'

/** What the stream tells about; each is a noun of the API. */
export const topics = ['nodes', 'backups', 'users', 'events', 'cluster'] as const
export type Topic = (typeof topics)[number]

/** An object of the stream. It has the shape that lists give it. */
export interface Thing {
  id: string
}

/** One change, as the rest of the console hears of it. */
export type Change =
  | { kind: 'changed'; topic: Topic; id: string; object: Thing }
  | { kind: 'removed'; topic: Topic; id: string }
  | { kind: 'progress'; topic: 'backups'; id: string; progress: Progress }

/** How the stream stands. */
export interface LiveState {
  phase: 'off' | 'connecting' | 'live' | 'reconnecting'
  /** When this phase began. */
  since: number
}

/** At most this often, in ms, do changes reach the screen. */
export const flushEvery = 250

const retryFirst = 1000
const retryMost = 15_000

type Listener<T> = (value: T) => void

/** The part of EventSource that is used; tests put another in its place. */
export interface Source {
  readyState: number
  onopen: (() => void) | null
  onerror: (() => void) | null
  addEventListener(type: string, listener: (event: { data: string }) => void): void
  close(): void
}

/**
 * The one stream of this tab. It gathers what comes in and hands it on in
 * batches, in which a later change of an object replaces an earlier one. The
 * browser reconnects by itself and names the last event it saw; when it gives
 * up, the stream is opened again here, later and later. After every gap the
 * listeners of resync are told, since events may have been missed.
 */
export class Live {
  private source: Source | undefined
  private waiting = new Map<string, Change>()
  private flushTimer: ReturnType<typeof setTimeout> | undefined
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private retryIn = retryFirst
  private state: LiveState = { phase: 'off', since: Date.now() }
  private readonly changes = new Set<Listener<Change[]>>()
  private readonly states = new Set<() => void>()
  private readonly resyncs = new Set<() => void>()
  private readonly open: (url: string) => Source

  constructor(open: (url: string) => Source = (url) => new EventSource(url) as unknown as Source) {
    this.open = open
  }

  start() {
    if (this.state.phase !== 'off') return
    this.enter('connecting')
    this.connect()
  }

  stop() {
    this.source?.close()
    this.source = undefined
    clearTimeout(this.flushTimer)
    clearTimeout(this.retryTimer)
    this.flushTimer = undefined
    this.waiting.clear()
    this.enter('off')
  }

  /** Hears every batch of changes. */
  readonly onChanges = (listener: Listener<Change[]>) => add(this.changes, listener)
  /** Hears that what is on the screen may be older than it seems. */
  readonly onResync = (listener: () => void) => add(this.resyncs, listener)
  readonly onState = (listener: () => void) => add(this.states, listener)
  readonly getState = () => this.state

  private connect() {
    const source = this.open(`/v1/stream?topics=${topics.join(',')}`)
    this.source = source
    for (const topic of topics) {
      source.addEventListener(topic, ({ data }) => {
        const object = JSON.parse(data) as Thing
        this.take({ kind: 'changed', topic, id: object.id, object })
      })
    }
    source.addEventListener('removed', ({ data }) => {
      this.take({ kind: 'removed', ...(JSON.parse(data) as { topic: Topic; id: string }) })
    })
    source.addEventListener('progress', ({ data }) => {
      this.take({ kind: 'progress', topic: 'backups', ...(JSON.parse(data) as { id: string; progress: Progress }) })
    })
    source.addEventListener('reset', () => this.resync())
    source.onopen = () => this.opened()
    source.onerror = () => this.broken(source)
  }

  private opened() {
    const gap = this.state.phase === 'reconnecting'
    this.retryIn = retryFirst
    this.enter('live')
    if (gap) this.resync()
  }

  private broken(source: Source) {
    if (this.state.phase === 'off') return
    this.enter('reconnecting')
    if (source.readyState !== 2) return // the browser tries again by itself
    source.close()
    this.retryTimer = setTimeout(() => this.connect(), this.retryIn)
    this.retryIn = Math.min(this.retryIn * 2, retryMost)
  }

  private take(change: Change) {
    const key = `${change.kind === 'progress' ? 'progress' : 'object'} ${change.topic} ${change.id}`
    this.waiting.delete(key)
    this.waiting.set(key, change)
    this.flushTimer ??= setTimeout(() => this.flush(), flushEvery)
  }

  private flush() {
    this.flushTimer = undefined
    const batch = [...this.waiting.values()]
    this.waiting.clear()
    this.changes.forEach((listener) => listener(batch))
  }

  private resync() {
    this.resyncs.forEach((listener) => listener())
  }

  private enter(phase: LiveState['phase']) {
    if (phase === this.state.phase) return
    this.state = { phase, since: Date.now() }
    this.states.forEach((listener) => listener())
  }
}

function add<T>(set: Set<T>, listener: T) {
  set.add(listener)
  return () => {
    set.delete(listener)
  }
}

export const live = new Live()

/** How the stream of this tab stands. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(live.onState, live.getState)
}
