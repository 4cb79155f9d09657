import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Assignment } from '../../api/types'

const query = { limit: 1000 }

/** Which nodes answer for which client, by the name of the client. */
export function useAssignments(): ReadonlyMap<string, Assignment> {
  const { data } = useQuery({
    queryKey: keys.top('assignments', query),
    queryFn: () => must(api.GET('/v1/assignments', { params: { query } })),
    staleTime: 30_000,
  })
  return useMemo(() => new Map(data?.items.map((assignment) => [assignment.client, assignment])), [data])
}

/** Which nodes answer for one client. */
export function useAssignment(client: string) {
  const of = { client: [client], limit: 1 }
  return useQuery({
    queryKey: keys.top('assignments', of),
    queryFn: () => must(api.GET('/v1/assignments', { params: { query: of } })),
  })
}

/** How the copies of a client's data stand against what is wanted. */
export function copiesWords(assignment: Pick<Assignment, 'complete' | 'copies'> | undefined): { text: string; short: boolean } {
  if (!assignment) return { text: 'nothing stored yet', short: false }
  const { complete, copies } = assignment
  return { text: `${complete} of ${copies} complete`, short: complete < copies }
}
