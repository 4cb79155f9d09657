import type { Retention } from '../api/types'

/** The rules of a retention, from near to far. */
export const rules = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type RuleName = (typeof rules)[number]

const words: Record<RuleName, string> = {
  last: 'newest',
  hourly: 'hourly',
  daily: 'daily',
  weekly: 'weekly',
  monthly: 'monthly',
  yearly: 'yearly',
}

/** "7 daily, 4 weekly"; a retention without rules keeps everything. */
export function retentionWords(retention: Retention | undefined): string {
  const kept = rules.filter((rule) => (retention?.[rule] ?? 0) > 0).map((rule) => `${retention![rule]} ${words[rule]}`)
  return kept.length > 0 ? kept.join(', ') : 'everything'
}

/** What was typed into the fields of a retention; empty and nonsense count as none. */
export function retentionOf(typed: Record<RuleName, string>): Retention {
  const out: Retention = {}
  for (const rule of rules) {
    const n = Number(typed[rule])
    if (Number.isInteger(n) && n > 0) out[rule] = n
  }
  return out
}

/** A retention as it is typed. */
export function retentionTyped(retention: Retention | undefined): Record<RuleName, string> {
  return Object.fromEntries(rules.map((rule) => [rule, retention?.[rule] ? String(retention[rule]) : ''])) as Record<RuleName, string>
}
