import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import { count } from '../../components/format'
import { Progress } from '../../components/Meter'
import { fraction, progressWords, titleOf } from '../../components/run'

const query = { status: ['running'], sort: '-created_at', limit: 5 }

/** What is being backed up now. */
export function RunningCard({ running }: { running: number }) {
  const items = useQuery({
    queryKey: keys.top('backups', query),
    queryFn: () => must(api.GET('/v1/backups', { params: { query } })),
  }).data?.items.filter((backup) => backup.status === 'running')
  return (
    <section className="card card-pad">
      <div className="card-head">
        <h2>Running backups</h2>
        {items && running > items.length && (
          <span>
            {items.length} of {count(running)}
          </span>
        )}
      </div>
      {items?.length === 0 && <p className="cell-muted">No backup runs at the moment.</p>}
      <ul className="runs">
        {items?.map((backup) => (
          <li key={backup.id}>
            <span className="run-head">
              <Link to="/backups/$id" params={{ id: backup.id }}>
                {titleOf(backup)}
              </Link>
              <span className="run-node">{backup.node}</span>
              <span className="run-left">{progressWords(backup.progress)}</span>
            </span>
            <Progress label={`Progress of ${titleOf(backup)}`} value={fraction(backup.progress)} />
          </li>
        ))}
      </ul>
    </section>
  )
}
