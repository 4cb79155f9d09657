import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, must } from '../api/client'
import { keys } from '../api/queries'
import type { Job } from '../api/types'
import { bytes, count, plural } from './format'
import { isLive } from './run'

/** Where the jobs of a kind are listed; those of other kinds stand among all. */
export type JobNoun = 'restores' | 'verifications' | 'drills' | 'jobs'

const nouns: Record<string, JobNoun> = { restore: 'restores', verify: 'verifications', drill: 'drills' }

export function nounOf(kind: string): JobNoun {
  return nouns[kind] ?? 'jobs'
}

/** One job. The stream keeps most of them fresh; while it runs it is also asked for. */
export function useJob(noun: JobNoun, id: string) {
  return useQuery({
    queryKey: keys.one(noun, id),
    queryFn: () => must(api.GET('/v1/jobs/{job}', { params: { path: { job: id } } })),
    enabled: id !== '',
    refetchInterval: ({ state }) => (!state.data || isLive(state.data.status) ? 1500 : false),
  })
}

/** Asks a job to stop. */
export function useCancelJob() {
  const queries = useQueryClient()
  return async (job: Job) => {
    await must(api.POST('/v1/jobs/{job}/cancel', { params: { path: { job: job.id } } }))
    await queries.invalidateQueries({ queryKey: keys.all(nounOf(job.kind)) })
  }
}

const kinds: Record<string, string> = {
  restore: 'Restore',
  verify: 'Verification',
  drill: 'Restore drill',
  copy: 'Copy',
  scrub: 'Scrub',
  prune: 'Prune',
  forget: 'Forget',
}

export function kindWords(job: Pick<Job, 'kind' | 'dry_run'>): string {
  return job.kind === 'restore' && job.dry_run ? 'Trial restore' : (kinds[job.kind] ?? job.kind)
}

/** What a restore is of. */
export function whatOf(job: Pick<Job, 'path' | 'paths'>): string {
  if (job.paths && job.paths.length > 1) return `${job.paths[0]} and ${plural(job.paths.length - 1, 'other')}`
  const path = job.paths?.[0] ?? job.path ?? '/'
  return path === '/' ? 'everything' : path
}

/** Where a restore goes. */
export function whereTo(job: Pick<Job, 'origin' | 'target'>): string {
  return job.origin ? 'to where it was' : (job.target ?? '–')
}

/** What came of a job that has ended, in a few words. */
export function outcome(job: Job): string {
  if (job.error) return job.error
  const { stats, report } = job
  if (report) {
    const proved = `${plural(report.files, 'file')} restored and the same, ${bytes(report.bytes)}`
    return report.mismatches > 0 ? `${plural(report.mismatches, 'file')} of ${count(report.files + report.mismatches)} not the same` : proved
  }
  if (job.kind === 'verify') return `${plural(stats.files, 'file')}, ${bytes(stats.bytes)} read`
  if (job.kind === 'restore' && job.dry_run) return changeWords(job)
  if (job.kind === 'forget') return 'given up'
  if (job.kind === 'prune') return `${plural(stats.deleted ?? 0, 'blob')} taken away`
  if (job.kind === 'copy' || job.kind === 'scrub') return `${plural(stats.files, 'blob')}, ${bytes(stats.bytes)}`
  return `${plural(stats.files, 'file')}, ${bytes(stats.bytes)}`
}

const verbs: Record<string, string> = { new: 'new', replaced: 'replaced', beside: 'put beside', skipped: 'left as they are', same: 'the same already' }
const order = ['replaced', 'new', 'beside', 'skipped', 'same']

/** The changes of a restore, those that weigh most first. */
export function changesOf(job: Pick<Job, 'changes'>) {
  return [...(job.changes ?? [])].filter((c) => c.count > 0).sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

/** "3 new, 1 replaced". */
export function changeWords(job: Pick<Job, 'changes'>): string {
  return changesOf(job).map((c) => `${count(c.count)} ${verbs[c.kind] ?? c.kind}`).join(', ') || 'nothing would change'
}

export function changeVerb(kind: string): string {
  return verbs[kind] ?? kind
}
