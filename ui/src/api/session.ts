import { useQuery, useSuspenseQuery, type QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { api, must, wire, type Answered } from './client'
import { keys } from './queries'
import type { Cluster, Stats } from './types'

/** The query of who is logged in. */
export const meQuery = {
  queryKey: keys.me,
  queryFn: () => must(api.GET('/v1/me')),
  staleTime: 60_000,
}

/** Who is logged in. Below the login page there always is somebody. */
export function useMe() {
  return useSuspenseQuery(meQuery).data
}

/** The numbers of the whole grid. The stream refreshes them; the interval is for when it cannot. */
export function useStats() {
  return useQuery<Stats>({ queryKey: keys.stats, queryFn: () => must(api.GET('/v1/stats')), refetchInterval: 30_000 })
}

/** What the server says is wrong now. */
export function useAlerts() {
  return useQuery({ queryKey: keys.all('alerts'), queryFn: () => must(api.GET('/v1/alerts')), refetchInterval: 15_000 })
}

/** The managers and what they agree on. */
export function useCluster() {
  return useQuery<Cluster>({ queryKey: keys.cluster, queryFn: () => must(api.GET('/v1/cluster')), refetchInterval: 10_000 })
}

/** Which manager answered last, and who it says leads. */
export function useAnswered(): Answered {
  return useSyncExternalStore(wire.subscribe, () => wire.answered)
}

/** Ends the session here and at the server, and forgets what was loaded. */
export async function logout(client: QueryClient) {
  await must(api.POST('/v1/logout'))
  client.clear()
}

/**
 * Why the reader may not do what needs the right, in words; undefined when
 * nothing stands in the way. Buttons show it instead of hiding.
 */
export function useObstacle(right: string): string | undefined {
  const me = useMe()
  const cluster = useCluster()
  if (!me.rights.includes('*') && !me.rights.includes(right)) {
    return `Your groups do not give the right ${right}.`
  }
  if (cluster.data && !cluster.data.leader) return 'Read only: the managers have no leader at the moment.'
  return undefined
}

/** The nodes that are managers: for the picture of the grid, and as doors when this one closes. */
export function useManagers() {
  const query = { role: ['cluster-manager'], sort: 'name', limit: 50 }
  return useQuery({
    queryKey: keys.top('nodes', query),
    queryFn: () => must(api.GET('/v1/nodes', { params: { query } })),
    staleTime: 60_000,
  })
}

/** So many nodes a picture of the grid can show by name. */
const few = 24

/** All nodes of a grid that is small enough to name each of them in its picture. */
export function useFewNodes(total: number | undefined) {
  const query = { sort: 'name', limit: few }
  return useQuery({
    queryKey: keys.top('nodes', query),
    queryFn: () => must(api.GET('/v1/nodes', { params: { query } })),
    enabled: total !== undefined && total <= few,
  })
}
