import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useObstacle } from '../api/session'
import type { DrillReport, Job } from '../api/types'
import { Action } from './Action'
import { Ago } from './Ago'
import { Code, Details } from './Details'
import { bytes, count, dateTime } from './format'
import { useNow } from './hooks'
import { changesOf, changeVerb, kindWords, outcome, useCancelJob, whatOf, whereTo } from './jobs'
import { Progress } from './Meter'
import { tell, tellProblem } from './notify'
import { fraction, isLive, progressWords, took } from './run'
import { StateBadge } from './StateBadge'
import { lookOf, runStates } from './states'
import './job.css'

const rights: Record<string, string> = { restore: 'backups:restore', verify: 'backups:run', drill: 'backups:run' }

export function JobBadge({ job }: { job: Job }) {
  return <StateBadge look={lookOf(runStates, job.status)} title={job.error || undefined} />
}

/** How far a job is, and a way to stop it; afterwards what came of it. */
export function JobState({ job }: { job: Job }) {
  const cancel = useCancelJob()
  const [asked, setAsked] = useState(false)
  const obstacle = useObstacle(rights[job.kind] ?? 'data:write')
  if (!isLive(job.status)) {
    return (
      <div className="job">
        {(job.error || !job.dry_run) && <p className={job.error ? 'backup-error' : undefined}>{outcome(job)}</p>}
        {job.dry_run && !job.error && changesOf(job).length === 0 && <p>Nothing would change.</p>}
        {job.note && <p className="drawer-reason">{job.note}</p>}
        <Changes job={job} />
        {job.report && <Report report={job.report} />}
      </div>
    )
  }
  const stop = () => {
    setAsked(true)
    cancel(job).then(
      () => tell(`${kindWords(job)} asked to stop.`),
      (thrown: unknown) => {
        setAsked(false)
        tellProblem('It goes on', thrown)
      },
    )
  }
  return (
    <div className="job">
      <Progress label={`Progress of this ${kindWords(job).toLowerCase()}`} value={fraction(job.progress)} />
      <div className="job-line">
        <span className="cell-muted">{progressWords(job.progress) || (job.status === 'running' ? 'Starting' : 'Waiting for a node with room for it')}</span>
        <Action onClick={stop} obstacle={job.cancelling || asked ? 'It was asked to stop.' : obstacle}>
          Cancel
        </Action>
      </div>
    </div>
  )
}

/** What a restore did to each file, or would do. */
function Changes({ job }: { job: Job }) {
  const changes = changesOf(job)
  if (changes.length === 0) return null
  return (
    <ul className="changes" aria-label={job.dry_run ? 'What would change' : 'What changed'}>
      {changes.map((change) => (
        <li key={change.kind}>
          <b>
            {count(change.count)} {changeVerb(change.kind)}
          </b>
          {change.kind !== 'same' && change.paths.length > 0 && (
            <code>
              {change.paths.slice(0, 8).join('\n')}
              {change.count > 8 && '\n…'}
            </code>
          )}
        </li>
      ))}
    </ul>
  )
}

/** What a drill has proved, and who vouches for it. */
function Report({ report }: { report: DrillReport }) {
  return (
    <section className="report" aria-label="Signed report">
      <p className={`may-answer tone-${report.signature_valid && report.mismatches === 0 ? 'green' : 'red'}`}>
        {report.signature_valid
          ? `${report.node} has signed this report with a certificate of this cluster.`
          : 'The signature does not fit: who wrote this report cannot be told.'}
      </p>
      <Details
        rows={[
          ['Restored', `${count(report.files)} files, ${bytes(report.bytes)}, in ${report.seconds.toFixed(1)} s`],
          ['Not the same', count(report.mismatches)],
          ['At', dateTime(report.at)],
          ['Backup', <Code key="backup">{report.backup}</Code>],
          ['Snapshot', <Code key="snapshot">{report.snapshot}</Code>],
          ['Signature', <Code key="signature">{report.signature}</Code>],
        ]}
      />
    </section>
  )
}

function JobTook({ job }: { job: Job }) {
  return <>{took(job, useNow())}</>
}

/** All there is to say about a job. */
export function JobFacts({ job }: { job: Job }) {
  const rows: [string, ReactNode][] = []
  if (job.kind === 'restore') {
    rows.push(['What', whatOf(job)], ['Where to', whereTo(job)], ['Files there', overwriteWords(job.overwrite)])
  }
  if (job.client) rows.push(['Client', job.client])
  if (job.backup) {
    rows.push(['Backup', <Link key="backup" to="/backups/$id" params={{ id: job.backup }} className="plain-link">{job.backup}</Link>])
  }
  rows.push(['Repository', job.repository])
  if (job.storage) rows.push(['Storage', job.storage])
  if (job.percent !== undefined) rows.push(['Data read', `${job.percent} %`])
  rows.push(
    ['Node', job.node || job.wanted_node || 'any'],
    ['Asked for by', job.by.replace(/^user:/, '')],
    ['Asked for', dateTime(job.created_at)],
    ['Started', job.started_at ? dateTime(job.started_at) : '–'],
    ['Took', <JobTook key="took" job={job} />],
  )
  if (job.retry_at) rows.push(['Tried again', <Ago key="again" at={job.retry_at} />])
  rows.push(['Job ID', <Code key="id">{job.id}</Code>])
  return <Details rows={rows} />
}

function overwriteWords(rule: string | undefined): string {
  if (rule === 'always') return 'are replaced'
  if (rule === 'if-newer') return 'are replaced when older'
  if (rule === 'beside') return 'stay; restored ones are put beside'
  return 'stay'
}
