import type { InfiniteData } from '@tanstack/react-query'
import type { Change, Thing } from './live'
import type { Page } from './types'

/** Rows of a listing as they were loaded, page by page. */
export type Pages<T> = InfiniteData<Page<T>, string | undefined>

/** What a batch of changes did to a listing. */
export interface Patched<T> {
  pages: Pages<T>
  /** How many changes could put rows elsewhere: new, gone, or other in what is sorted and filtered by. */
  moved: string[]
  /** Rows that are gone at the server, but still shown where they were. */
  gone: string[]
}

/** What a listing knows of its rows. */
export interface Rules<T> {
  /** Whether a change of a row may put it elsewhere. */
  moves: (before: T, after: T) => boolean
  /** Whether a row that is not loaded belongs to the listing, as far as one can tell here. */
  matches: (row: T) => boolean
  /** Whether all rows are loaded. If not, a row that is not here most likely lies further down. */
  complete: boolean
}

/**
 * Applies a batch to the loaded rows. Rows keep their places: a listing never
 * jumps under the pointer. What would move is counted instead, for the reader
 * to fetch when it suits.
 */
export function patch<T extends Thing>(pages: Pages<T>, batch: Change[], rules: Rules<T>): Patched<T> {
  const next = new Map<string, Change[]>()
  for (const change of batch) next.set(change.id, [...(next.get(change.id) ?? []), change])
  const moved = new Set<string>()
  const gone: string[] = []
  const seen = new Set<string>()
  let touched = false
  const patchRow = (row: T): T => {
    const changes = next.get(row.id)
    if (!changes) return row
    seen.add(row.id)
    let now = row
    for (const change of changes) {
      if (change.kind === 'removed') {
        gone.push(row.id)
        moved.add(row.id)
      } else {
        now = merge(now, change)
      }
    }
    if (now !== row) touched = true
    if (now !== row && rules.moves(row, now)) moved.add(row.id)
    return now
  }
  const patched = pages.pages.map((page) => ({ ...page, items: page.items.map(patchRow) }))
  for (const change of batch) {
    if (change.kind !== 'changed' || seen.has(change.id)) continue
    const row = change.object as T
    if (rules.matches(row) && (rules.complete || isNew(row))) moved.add(change.id)
  }
  return { pages: touched ? { ...pages, pages: patched } : pages, moved: [...moved], gone }
}

/** One object after one change. An object that is older than ours is left out. */
export function merge<T extends Thing>(row: T, change: Change): T {
  if (change.kind === 'progress') return { ...row, progress: change.progress }
  if (change.kind === 'removed') return row
  const after = change.object as T
  if (indexOf(after) < indexOf(row)) return row
  return { ...row, ...after }
}

/** An object that was never changed since it was made. */
function isNew(thing: Thing): boolean {
  const { created_at, updated_at } = thing as { created_at?: string; updated_at?: string }
  return created_at === updated_at
}

function indexOf(thing: Thing): number {
  const { index } = thing as { index?: number }
  return index ?? Number.MAX_SAFE_INTEGER
}
