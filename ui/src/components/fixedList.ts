import type { List } from '../api/list'
import type { Problem } from '../api/problem'

const none: ReadonlySet<string> = new Set()
const nothing = () => {}

interface Source<T> {
  rows: T[] | undefined
  problem: Problem | undefined
  refresh: () => void
}

/** A list that is loaded whole, for a grid; filters have been applied to it already. */
export function fixedList<T>({ rows, problem, refresh }: Source<T>): List<T> {
  return {
    rows: rows ?? [],
    total: rows?.length ?? 0,
    loading: rows === undefined && !problem,
    stale: false,
    problem,
    reach: nothing,
    hold: nothing,
    moved: 0,
    gone: none,
    refresh,
  }
}
