import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { Fields, RawSearch, Search, Values } from './search'

/** How a change of the URL goes into the history of the browser. */
export interface Step {
  /** A step of its own, which "back" undoes. Typing and filters replace the last one. */
  push?: boolean
}

/** The state of a page, which its URL holds. */
export function useSearchState<S extends Fields>(search: Search<S>) {
  const raw = useSearch({ strict: false }) as RawSearch
  const navigate = useNavigate()
  const values = useMemo(() => search.read(raw), [search, raw])
  const set = useCallback(
    (change: Partial<Values<S>>, step: Step = {}) => {
      void navigate({
        to: '.',
        search: ((before: RawSearch) => search.write({ ...search.read(before), ...change })) as never,
        replace: !step.push,
      })
    },
    [navigate, search],
  )
  return [values, set] as const
}
