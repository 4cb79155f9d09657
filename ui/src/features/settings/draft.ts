import type { Settings } from '../../api/types'

const spans = ['prune_every', 'verify_every', 'drill_every', 'scrub_every'] as const

/** The settings as they are typed. */
export interface SettingsDraft {
  prune_every: string
  verify_every: string
  drill_every: string
  scrub_every: string
  verify_percent: string
  drill_files: string
  required: boolean
}

/** "168h0m0s" as "7d": how people say how long something is. */
export function shortSpan(go: string): string {
  const found = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(go)
  if (!found || go === '') return go
  const [h, m, s] = found.slice(1).map((n) => Number(n ?? 0)) as [number, number, number]
  if (h + m + s === 0) return '0'
  if (m === 0 && s === 0 && h % 24 === 0) return `${h / 24}d`
  return [h && `${h}h`, m && `${m}m`, s && `${s}s`].filter(Boolean).join('')
}

/** "7d" as "168h", which the server reads. What means nothing goes as it is, for the server to refuse. */
export function goSpan(typed: string): string {
  const text = typed.trim().replace(/\s+/g, '')
  return text.replace(/(\d+)d/, (_, days: string) => `${Number(days) * 24}h`)
}

export function draftOf({ maintenance: m, approval }: Settings): SettingsDraft {
  return {
    prune_every: shortSpan(m.prune_every),
    verify_every: shortSpan(m.verify_every),
    drill_every: shortSpan(m.drill_every),
    scrub_every: shortSpan(m.scrub_every),
    verify_percent: String(m.verify_percent),
    drill_files: String(m.drill_files),
    required: approval.required,
  }
}

/** Only what was changed. */
export function changeOf(before: SettingsDraft, draft: SettingsDraft) {
  const maintenance: Partial<Settings['maintenance']> = {}
  for (const field of spans) if (draft[field] !== before[field]) maintenance[field] = goSpan(draft[field])
  for (const field of ['verify_percent', 'drill_files'] as const) if (draft[field] !== before[field]) maintenance[field] = Number(draft[field])
  return {
    ...(Object.keys(maintenance).length > 0 && { maintenance }),
    ...(draft.required !== before.required && { approval: { required: draft.required } }),
  }
}
