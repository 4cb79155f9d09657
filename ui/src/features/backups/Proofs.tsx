import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Backup } from '../../api/types'
import { Action } from '../../components/Action'
import { Ago } from '../../components/Ago'
import { JobBadge } from '../../components/JobView'
import { outcome } from '../../components/jobs'
import { tell, tellProblem } from '../../components/notify'
import { isLive, isStored } from '../../components/run'

/** What was proved of a backup: its drills and verifications, and a way to begin one. */
export function Proofs({ backup }: { backup: Backup }) {
  const queries = useQueryClient()
  const mayRun = useObstacle('backups:run')
  const query = { backup: [backup.id], sort: '-created_at', limit: 5 }
  const drills = useQuery({
    queryKey: keys.top('drills', query),
    queryFn: () => must(api.GET('/v1/drills', { params: { query } })),
  })
  const verifications = useQuery({
    queryKey: keys.top('verifications', query),
    queryFn: () => must(api.GET('/v1/verifications', { params: { query } })),
  })
  if (!isStored(backup.status)) return null
  const jobs = [...(drills.data?.items ?? []), ...(verifications.data?.items ?? [])].sort((a, b) => b.created_at.localeCompare(a.created_at))
  const params = { params: { path: { backup: backup.id } } }
  const begin = async (kind: 'drills' | 'verifications') => {
    try {
      await (kind === 'drills' ? must(api.POST('/v1/backups/{backup}/drill', params)) : must(api.POST('/v1/backups/{backup}/verify', params)))
      tell(kind === 'drills' ? 'A restore drill has begun.' : 'A verification has begun.')
      await queries.invalidateQueries({ queryKey: keys.all(kind) })
    } catch (thrown) {
      tellProblem('It was not begun', thrown)
    }
  }
  return (
    <section className="card card-pad">
      <div className="card-head">
        <h2>Proof</h2>
        <div className="drawer-actions">
          <Action onClick={() => void begin('verifications')} obstacle={mayRun}>
            Verify
          </Action>
          <Action onClick={() => void begin('drills')} obstacle={mayRun}>
            Run a restore drill
          </Action>
        </div>
      </div>
      <p className="cell-muted">
        {backup.restore_tested_at ? (
          <>
            A sample was restored and found to be the same <Ago at={backup.restore_tested_at} />.
          </>
        ) : (
          'Nothing was restored from it to prove that it can be done.'
        )}
      </p>
      <ul className="proofs">
        {jobs.map((job) => (
          <li key={job.id}>
            <Link to={job.kind === 'drill' ? '/drills' : '/verifications'} search={{ job: job.id }} className="plain-link">
              {job.kind === 'drill' ? 'Restore drill' : 'Verification'}
            </Link>
            <JobBadge job={job} />
            <span className="cell-muted">{isLive(job.status) ? 'at work' : outcome(job)}</span>
            <span className="cell-muted cell-number">
              <Ago at={job.created_at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
