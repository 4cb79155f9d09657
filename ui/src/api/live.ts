import { useSyncExternalStore } from 'react'
import type { Progress } from './types'

/** What the stream tells about, and the right to hear of it; each is a noun of the API. */
const rights = {
  nodes: 'nodes:read',
  backups: 'backups:read',
  restores: 'backups:read',
  verifications: 'backups:read',
  drills: 'backups:read',
  users: 'users:read',
  groups: 'groups:read',
  clients: 'data:read',
  tasks: 'data:read',
  schedules: 'data:read',
  repositories: 'data:read',
  assignments: 'data:read',
  approvals: 'data:read',
  events: 'events:read',
  certificates: 'certificates:read',
  cluster: 'cluster:read',
} as const
export type Topic = keyof typeof rights

/** The topics that somebody with these rights may hear of. */
export function topicsFor(mine: string[]): Topic[] {
  return (Object.keys(rights) as Topic[]).filter((topic) => mine.includes('*') || mine.includes(rights[topic]))
}

/** An object of the stream. It has the shape that lists give it. */
export interface Thing {
  id: string
}

/** One change, as the rest of the console hears of it. */
export type Change =
  | { kind: 'changed'; topic: Topic; id: string; object: Thing }
  | { kind: 'removed'; topic: Topic; id: string }
  | { kind: 'progress'; topic: Topic; id: string; progress: Progress }

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

/** How a gap of the stream ended: with all changes told, or with some of them missed. */
export type Gap = 'whole' | 'missed'

/** One event as the browser gives it. */
export interface Told {
  data: string
  lastEventId: string
}

/** The part of EventSource that is used; tests put another in its place. */
export interface Source {
  readyState: number
  onopen: (() => void) | null
  onerror: (() => void) | null
  addEventListener(type: string, listener: (event: Told) => void): void
  close(): void
}

/**
 * The one stream of this tab. It gathers what comes in and hands it on in
 * batches, in which a later change of an object replaces an earlier one. The
 * browser reconnects by itself and names the last event it saw; when it gives
 * up, the stream is opened again here, later and later, and names that event too.
 * So no change is missed; only when the server cannot tell what came after it do
 * the listeners of resync hear that everything may be old.
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
  private readonly resyncs = new Set<Listener<Gap>>()
  private topics: Topic[] = []
  private lastId = ''
  private readonly open: (url: string) => Source

  constructor(open: (url: string) => Source = (url) => new EventSource(url) as unknown as Source) {
    this.open = open
  }

  start(topics: Topic[]) {
    if (this.state.phase !== 'off') return
    this.topics = topics
    this.lastId = ''
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
  /** Hears that the stream is back, and whether changes may have been missed. */
  readonly onResync = (listener: Listener<Gap>) => add(this.resyncs, listener)
  readonly onState = (listener: () => void) => add(this.states, listener)
  readonly getState = () => this.state

  private connect() {
    const from = this.lastId === '' ? '' : `&index=${this.lastId}`
    const source = this.open(`/v1/stream?topics=${this.topics.join(',')}${from}`)
    this.source = source
    const on = <T>(type: string, act: (data: T) => void) =>
      source.addEventListener(type, ({ data, lastEventId }) => {
        this.lastId = lastEventId || this.lastId
        act(JSON.parse(data) as T)
      })
    for (const topic of this.topics) {
      on<Thing>(topic, (object) => this.take({ kind: 'changed', topic, id: object.id, object }))
    }
    on<{ topic: Topic; id: string }>('removed', (told) => this.take({ kind: 'removed', ...told }))
    on<{ topic: Topic; id: string; progress: Progress }>('progress', (told) => this.take({ kind: 'progress', ...told }))
    on('ready', () => {})
    on('reset', () => this.resync('missed'))
    source.onopen = () => this.opened()
    source.onerror = () => this.broken(source)
  }

  private opened() {
    const gap = this.state.phase === 'reconnecting'
    this.retryIn = retryFirst
    this.enter('live')
    if (gap) this.resync('whole')
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

  private resync(gap: Gap) {
    this.resyncs.forEach((listener) => listener(gap))
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

/** What a page may say of itself: that it is live, only while it is. */
export function useLiveWord(): string {
  return useLiveState().phase === 'live' ? 'updated live' : 'not updated at the moment'
}

/** How the stream of this tab stands. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(live.onState, live.getState)
}
