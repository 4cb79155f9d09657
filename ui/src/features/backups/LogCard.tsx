import { useQuery } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import type { Backup, Line } from '../../api/types'
import { ErrorPanel } from '../../components/ErrorPanel'
import { dateTime, plural, timeOfDay } from '../../components/format'
import { isLive } from '../../components/run'

const tones: Record<string, string> = { error: 'red', warning: 'amber' }

/** How a backup went, line by line. */
export function LogCard({ backup }: { backup: Backup }) {
  const live = isLive(backup.status)
  const log = useQuery({
    // Once it has ended the log is asked for again, and then stays.
    queryKey: [...keys.one('backups', backup.id), 'log', live],
    queryFn: () => must(api.GET('/v1/backups/{backup}/log', { params: { path: { backup: backup.id } } })),
    refetchInterval: live ? 2000 : false,
    retry: false,
  })
  return (
    <section className="card card-pad">
      <div className="card-head">
        <h2>Log</h2>
        {log.data && log.data.total > 0 && <span>{plural(log.data.total, 'line')}</span>}
      </div>
      {log.error && <ErrorPanel problem={asProblem(log.error)} onRetry={() => void log.refetch()} />}
      {log.data && log.data.items.length === 0 && <p className="cell-muted">{live ? 'Nothing was written yet.' : 'Nothing was written.'}</p>}
      {log.data && log.data.items.length > 0 && <Lines lines={log.data.items} />}
    </section>
  )
}

function Lines({ lines }: { lines: Line[] }) {
  return (
    <ol className="log" tabIndex={0} aria-label="Lines of the log">
      {lines.map((line, i) => (
        <li key={i} className={tones[line.level] && `tone-${tones[line.level]}`}>
          <time dateTime={line.at} title={dateTime(line.at)}>
            {timeOfDay(line.at)}
          </time>
          <span>
            {tones[line.level] && <b>{line.level}: </b>}
            {line.text}
          </span>
        </li>
      ))}
    </ol>
  )
}
