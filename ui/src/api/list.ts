import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { live, type Thing } from './live'
import { patch, type Pages } from './patch'
import { asProblem, type Problem } from './problem'
import { keys, type Noun } from './queries'
import type { Page } from './types'

/** How a noun is listed. */
export interface Listing<T extends Thing, P extends object> {
  noun: Noun
  /** How often to ask again, in ms, where the stream does not tell of changes. */
  every?: number
  fetch: (params: P & { limit: number; next?: string }) => Promise<Page<T>>
  /** Whether a change of a row may put it elsewhere in a sorted and filtered list. */
  moves: (before: T, after: T) => boolean
  /** Whether a row belongs to the list with these filters, as far as one can tell without the server. */
  matches: (row: T, params: P) => boolean
}

/** A listing as a grid shows it: rows that are not loaded yet are undefined. */
export interface List<T> {
  rows: T[]
  /** How many rows there are at the server, loaded or not. */
  total: number
  /** Nothing was ever loaded. */
  loading: boolean
  /** The rows are those of the filters before. */
  stale: boolean
  problem: Problem | undefined
  /** Says how far the reader has scrolled; loads up to there. */
  reach: (index: number) => void
  /** Keeps rows in place while the reader is at the table. */
  hold: (held: boolean) => void
  /** How many changes wait for a refresh. */
  moved: number
  gone: ReadonlySet<string>
  refresh: () => void
}

const pageSize = 100
const largest = 1000

/** How long after a change that moves rows the list is fetched again, in ms. */
const settleAfter = 600

/** And no sooner than this after it was fetched last. */
const restFor = 2000

const nothing: ReadonlySet<string> = new Set()

/** An order in which rows that are equal in the field stand by name. */
export function thenByName(sort: string): string {
  return /^-?name$/.test(sort) ? sort : `${sort},name`
}

/** Whether a filter lets one of the values through; an empty filter lets everything. */
export function anyOf(filter: string[] | undefined, ...values: string[]): boolean {
  return !filter || filter.length === 0 || values.some((value) => filter.includes(value))
}

/** Whether one of the texts has the other in it. */
export function hasText(q: string | undefined, ...texts: (string | undefined)[]): boolean {
  return !q || texts.some((text) => text?.toLowerCase().includes(q.toLowerCase()))
}

/** Loads a listing window by window and keeps it live. */
export function useList<T extends Thing, P extends object>(listing: Listing<T, P>, params: P): List<T> {
  const client = useQueryClient()
  const key = useMemo(() => keys.list(listing.noun, params), [listing.noun, params])
  const wanted = useRef(0)
  const loadedNow = useRef(0)
  const query = useInfiniteQuery({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => {
      const behind = pageParam === undefined ? 0 : wanted.current - loadedNow.current
      const limit = Math.min(largest, Math.max(pageSize, Math.ceil(behind / pageSize) * pageSize))
      return listing.fetch({ ...params, limit, next: pageParam })
    },
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: listing.every ?? false,
  })
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, refetch, isPlaceholderData } = query
  const rows = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data])
  loadedNow.current = rows.length

  const more = useCallback(() => {
    if (wanted.current >= loadedNow.current && hasNextPage && !isFetchingNextPage && !isPlaceholderData) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, isPlaceholderData, fetchNextPage])
  useEffect(more, [more, rows.length])
  const reach = useCallback(
    (index: number) => {
      wanted.current = index
      more()
    },
    [more],
  )

  const changes = useChanges(listing, key, query.dataUpdatedAt, query.isFetching, () => void refetch())
  useEffect(
    () =>
      live.onChanges((batch) => {
        const mine = batch.filter((change) => change.topic === listing.noun)
        if (mine.length === 0) return
        const before = client.getQueryData<Pages<T>>(key)
        if (!before) return
        const complete = before.pages.at(-1)?.next === undefined
        const matches = (row: T) => listing.matches(row, params)
        const after = patch(before, mine, { moves: listing.moves, matches, complete })
        if (after.pages !== before) client.setQueryData(key, after.pages, { updatedAt: client.getQueryState(key)?.dataUpdatedAt })
        changes.add(after.moved, after.gone)
      }),
    [client, key, listing, params, changes.add],
  )

  const first = data?.pages[0]
  return {
    rows,
    total: hasNextPage ? Math.max(first?.total ?? 0, rows.length) : rows.length,
    loading: query.isPending,
    stale: isPlaceholderData,
    problem: query.error ? asProblem(query.error) : undefined,
    reach,
    hold: changes.hold,
    moved: changes.moved,
    gone: changes.gone,
    refresh: () => void refetch(),
  }
}

interface Waiting {
  ids: ReadonlySet<string>
  gone: ReadonlySet<string>
}

const noWaiting: Waiting = { ids: nothing, gone: nothing }

/** Counts what moved, and fetches again once the reader is not at the table. */
function useChanges(listing: unknown, key: unknown, loadedAt: number, fetching: boolean, refetch: () => void) {
  const [waiting, setWaiting] = useState(noWaiting)
  const [held, hold] = useState(false)
  const again = useRef(refetch)
  again.current = refetch

  const add = useCallback((moved: string[], gone: string[]) => {
    if (moved.length === 0 && gone.length === 0) return
    setWaiting((was) => ({ ids: new Set([...was.ids, ...moved]), gone: new Set([...was.gone, ...gone]) }))
  }, [])
  useEffect(() => setWaiting(noWaiting), [listing, key, loadedAt])
  const many = waiting.ids.size
  useEffect(() => {
    if (many === 0 || held || fetching) return
    const timer = setTimeout(() => again.current(), Math.max(settleAfter, loadedAt + restFor - Date.now()))
    return () => clearTimeout(timer)
  }, [many, held, fetching, loadedAt])
  return { moved: many, gone: waiting.gone, hold, add }
}
