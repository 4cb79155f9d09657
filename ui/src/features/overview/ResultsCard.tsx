import type { Stats } from '../../api/types'
import { count, dateTime } from '../../components/format'
import { StateMark } from '../../components/StateBadge'
import { runStates } from '../../components/states'
import { ceiling, hours, type Bucket } from './results'

const legend = ['succeeded', 'warning', 'failed'] as const

/** How the backups of the last 24 hours ended, over time. */
export function ResultsCard({ stats }: { stats: Stats | undefined }) {
  const buckets = stats?.backups.timeline ?? []
  return (
    <section className="card card-pad results-card">
      <div className="card-head">
        <h2>Backup results</h2>
        <span className="legend">
          {legend.map((state) => (
            <span key={state}>
              <StateMark look={runStates[state]} /> {runStates[state].word}
            </span>
          ))}
        </span>
      </div>
      {buckets.length > 0 && <Chart buckets={buckets} />}
    </section>
  )
}

function Chart({ buckets }: { buckets: Bucket[] }) {
  const most = Math.max(...buckets.map((b) => b.succeeded + b.warning + b.failed))
  const top = ceiling(most)
  const sum = (state: (typeof legend)[number]) => buckets.reduce((n, b) => n + b[state], 0)
  const says = `In the last 24 hours ${sum('succeeded')} backups succeeded, ${sum('warning')} had warnings and ${sum('failed')} failed.`
  return (
    <div className="chart">
      <div className="chart-scale" aria-hidden="true">
        <span>{count(top)}</span>
        <span>{top % 2 === 0 ? count(top / 2) : ''}</span>
        <span>0</span>
      </div>
      <div className="chart-plot" role="img" aria-label={says}>
        {buckets.map((bucket) => (
          <Bar key={bucket.from} bucket={bucket} top={top} />
        ))}
        {most === 0 && <p className="chart-none">No backup has ended yet.</p>}
      </div>
      <div className="chart-hours" aria-hidden="true">
        {hours(buckets).map(({ at, label }) => (
          <span key={at} style={{ left: `${at * 100}%` }}>
            {label}
          </span>
        ))}
      </div>
    </div>
  )
}

function Bar({ bucket, top }: { bucket: Bucket; top: number }) {
  const words = `${dateTime(bucket.from)}: ${bucket.succeeded} succeeded, ${bucket.warning} with warnings, ${bucket.failed} failed`
  return (
    <span className="chart-bar" title={words}>
      {(['failed', 'warning', 'succeeded'] as const).map(
        (state) =>
          bucket[state] > 0 && (
            <span key={state} className={`tone-${runStates[state].tone}`} style={{ height: `${(bucket[state] / top) * 100}%` }} />
          ),
      )}
    </span>
  )
}
