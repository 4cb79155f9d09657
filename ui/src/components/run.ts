import type { Backup, Progress } from '../api/types'
import { bytes, duration, span } from './format'

/** Whether something still happens to a run by itself. */
export function isLive(status: string): boolean {
  return ['queued', 'assigned', 'running', 'interrupted'].includes(status)
}

/** Whether there is something stored to browse and restore. */
/** Whether a run has ended without all that it was for, and may be made again. */
export function repeatable(status: string): boolean {
  return status === 'failed' || status === 'cancelled' || status === 'warning'
}

export function isStored(status: string): boolean {
  return status === 'succeeded' || status === 'warning'
}

/** "1h2m3.5s" in ms, as Go writes durations; undefined when it is not one. */
export function goDuration(text: string | undefined): number | undefined {
  if (!text) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)]
  if (parts.length === 0 || parts.map((p) => p[0]).join('') !== text) return undefined
  const unit: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, ns: 1e-6 }
  return parts.reduce((sum, [, n, u]) => sum + Number(n) * unit[u!]!, 0)
}

/** How far a run is, between 0 and 1; undefined while nobody knows how much there is. */
export function fraction(progress: Progress | null | undefined): number | undefined {
  if (!progress) return undefined
  if (progress.total_bytes > 0) return Math.min(1, progress.bytes / progress.total_bytes)
  if (progress.total_files > 0) return Math.min(1, progress.files / progress.total_files)
  return undefined
}

/** "62 %, 18 min left", as far as it is known. */
export function progressWords(progress: Progress | null | undefined): string {
  const done = fraction(progress)
  const left = goDuration(progress?.eta)
  const parts = []
  if (done !== undefined) parts.push(`${Math.min(99, Math.floor(done * 100))} %`)
  if (left !== undefined && left > 0) parts.push(`${span(left)} left`)
  if (parts.length === 0 && progress) parts.push(progress.bytes > 0 ? bytes(progress.bytes) : progress.phase)
  return parts.join(', ')
}

/** How long a run took or takes. */
export function took(backup: Pick<Backup, 'started_at' | 'finished_at' | 'status'>, now: number): string {
  if (!backup.started_at) return '–'
  const end = backup.finished_at ? Date.parse(backup.finished_at) : isLive(backup.status) ? now : Number.NaN
  return Number.isNaN(end) ? '–' : duration(end - Date.parse(backup.started_at))
}

/** What a backup is called when it stands alone. */
export function titleOf(backup: Pick<Backup, 'task' | 'client'>): string {
  return backup.task || `${backup.client}, without a task`
}
