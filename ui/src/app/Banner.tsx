import { useEffect, useState } from 'react'
import { useLiveState } from '../api/live'
import { useAnswered, useCluster, useManagers } from '../api/session'
import type { Node } from '../api/types'
import { timeOfDay } from '../components/format'
import { useDelayed } from '../components/hooks'
import { IconAlert } from '../components/icons'

/** What everybody must know about the whole page: no leader, or no connection. */
export function Banner() {
  const { phase, since } = useLiveState()
  const cut = useDelayed(phase === 'reconnecting', 1500)
  const cluster = useCluster()
  const managers = useManagers().data?.items ?? [] // asked for while there is somebody to ask
  const leaderless = cluster.data !== undefined && !cluster.data.leader
  const leaderlessSince = useSince(leaderless)
  if (cut) {
    return (
      <div className="banner" role="alert">
        <IconAlert size={17} aria-hidden="true" />
        <span>
          This manager has not answered since {timeOfDay(since)}. What you see is as it was then; the page goes on by itself.
        </span>
        <Doors managers={managers} />
      </div>
    )
  }
  if (!leaderless) return null
  return (
    <div className="banner" role="alert">
      <IconAlert size={17} aria-hidden="true" />
      <span>Read only: no leader since {timeOfDay(leaderlessSince)}. Running backups go on.</span>
    </div>
  )
}

/** The same page at the other managers. */
function Doors({ managers }: { managers: Node[] }) {
  const { by } = useAnswered()
  const others = managers.filter((node) => node.name !== by && node.address)
  if (others.length === 0) return null
  const { pathname, search } = window.location
  return (
    <span>
      Open it on{' '}
      {others.map((node, i) => (
        <span key={node.id}>
          {i > 0 && ', '}
          <a href={`https://${node.address}${pathname}${search}`}>{node.name}</a>
        </span>
      ))}
    </span>
  )
}

function useSince(condition: boolean): number {
  const [since, setSince] = useState(Date.now)
  useEffect(() => {
    if (condition) setSince(Date.now())
  }, [condition])
  return since
}
