import { useQuery } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Repository } from '../../api/types'
import { Ago } from '../../components/Ago'
import { ErrorPanel } from '../../components/ErrorPanel'
import { JobBadge } from '../../components/JobView'
import { kindWords, outcome } from '../../components/jobs'
import { isLive, progressWords } from '../../components/run'

/** The newest jobs on what is stored in a repository. */
export function Work({ repository }: { repository: Repository }) {
  const may = useObstacle('backups:read')
  const query = { repository: [repository.id], sort: '-created_at', limit: 6 }
  const { data, error, refetch } = useQuery({
    queryKey: keys.top('jobs', query),
    queryFn: () => must(api.GET('/v1/jobs', { params: { query } })),
    enabled: may === undefined,
    // The stream does not tell of copies and scrubs.
    refetchInterval: ({ state }) => (state.data?.items.some((job) => isLive(job.status)) ? 1500 : 15_000),
  })
  if (may !== undefined) return <p className="cell-muted">{may}</p>
  if (error) return <ErrorPanel problem={asProblem(error)} onRetry={() => void refetch()} />
  if (data?.items.length === 0) return <p className="cell-muted">None yet.</p>
  return (
    <ul className="rows">
      {data?.items.map((job) => (
        <li key={job.id}>
          <b>{kindWords(job)}</b>
          <JobBadge job={job} />
          <span className="cell-muted">
            {isLive(job.status) ? progressWords(job.progress) || 'waiting' : outcome(job)}, <Ago at={job.finished_at ?? job.created_at} />
          </span>
        </li>
      ))}
    </ul>
  )
}
