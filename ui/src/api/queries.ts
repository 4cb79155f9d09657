import { QueryClient, type Query } from '@tanstack/react-query'
import { live, type Change, type Topic } from './live'
import { merge } from './patch'
import { asProblem } from './problem'

/** The nouns whose objects are kept here; of some the stream does not tell. */
export type Noun = Topic | 'jobs' | 'alerts' | 'acls' | 'sync' | 'objects' | 'join-tokens' | 'api-tokens' | 'settings'

/** Where the cache keeps what. Every key begins with its noun. */
export const keys = {
  me: ['me'] as const,
  stats: ['stats'] as const,
  cluster: ['cluster'] as const,
  all: (noun: Noun) => [noun] as const,
  /** One object, under the name or the id by which it was asked for. */
  one: (noun: Noun, id: string) => [noun, 'one', id] as const,
  /** A listing that a grid scrolls through. */
  list: (noun: Noun, params: object) => [noun, 'list', params] as const,
  /** The first few rows of a listing, kept fresh by asking again. */
  top: (noun: Noun, params: object) => [noun, 'top', params] as const,
}

/** Numbers are asked for again after a change, but not more often than this (ms). */
const refreshEvery = 1000

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < 2 && asProblem(error).passing,
        retryDelay: (count) => 400 * 2 ** count,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}

/**
 * Lets the stream keep the cache fresh: single objects and short lists are
 * changed in place, and asked for again soon after; grids see to their own rows
 * (list.ts). After a gap in the stream everything is asked for again.
 */
export function bindLive(client: QueryClient): () => void {
  const refresh = throttled((topic: Topic) => {
    void client.invalidateQueries({ queryKey: [topic, 'top'] })
    void client.invalidateQueries({ queryKey: keys.stats })
    void client.invalidateQueries({ queryKey: ['alerts'] })
  }, refreshEvery)
  const offChanges = live.onChanges((batch) => {
    for (const change of batch) {
      if (change.topic === 'cluster' && change.kind === 'changed') client.setQueryData(keys.cluster, change.object)
      else apply(client, change)
    }
    const changed = batch.filter((c) => c.kind !== 'progress').map((c) => c.topic)
    for (const topic of new Set(changed)) {
      void client.invalidateQueries({ queryKey: [topic, 'list'], refetchType: 'none' })
      refresh(topic)
    }
  })
  const offResync = live.onResync((gap) => {
    // When all was told, grids have it; what else there is costs little to ask for.
    const stale = ({ queryKey, state }: Query) => gap === 'missed' || queryKey[1] !== 'list' || state.status === 'error'
    void client.invalidateQueries({ predicate: stale })
  })
  return () => {
    offChanges()
    offResync()
  }
}

interface Row {
  id: string
}

function apply(client: QueryClient, change: Change) {
  const mine = (row: unknown) => (row as Row | undefined)?.id === change.id
  const one = { queryKey: [change.topic, 'one'] }
  if (change.kind === 'removed') {
    void client.invalidateQueries({ ...one, predicate: (query) => mine(query.state.data) })
    return
  }
  client.setQueriesData<Row>(one, (row) => (row && mine(row) ? merge(row, change) : row))
  client.setQueriesData<{ items: Row[] }>({ queryKey: [change.topic, 'top'] }, (page) =>
    page?.items.some(mine) ? { ...page, items: page.items.map((row) => (mine(row) ? merge(row, change) : row)) } : page,
  )
}

/** Calls at once, then at most once per period for each key, the last one never lost. */
export function throttled<K>(call: (key: K) => void, period: number): (key: K) => void {
  const last = new Map<K, number>()
  const timers = new Map<K, ReturnType<typeof setTimeout>>()
  return (key) => {
    if (timers.has(key)) return
    const wait = Math.max(0, (last.get(key) ?? -Infinity) + period - Date.now())
    timers.set(
      key,
      setTimeout(() => {
        timers.delete(key)
        last.set(key, Date.now())
        call(key)
      }, wait),
    )
  }
}
