import type { Rule, Schedule, ScheduleInput } from '../../api/types'
import { changed } from '../../components/lines'

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** One rule of a calendar as it is typed. */
export interface RuleDraft {
  /** Times of day, with commas or blanks between. */
  at: string
  on: 'every' | 'weekdays' | 'month'
  weekdays: string[]
  /** The how many-th of these weekdays in a month; "" is each. */
  nth: string
  /** Day of the month. */
  day: string
}

/** A schedule as it is typed into its form. */
export interface Draft {
  name: string
  kind: 'cron' | 'calendar'
  cron: string
  rules: RuleDraft[]
  zone: string
  window: string
  jitter: string
  missed: string
}

export const newRule: RuleDraft = { at: '02:30', on: 'every', weekdays: ['sat'], nth: '', day: '1' }

export const emptyDraft: Draft = {
  name: '',
  kind: 'calendar',
  cron: '30 2 * * *',
  rules: [newRule],
  zone: '',
  window: '',
  jitter: '',
  missed: 'run_once',
}

function ruleDraft(rule: Rule): RuleDraft {
  const on = rule.day ? 'month' : (rule.weekdays ?? []).length > 0 ? 'weekdays' : 'every'
  return {
    at: rule.at.join(', '),
    on,
    weekdays: rule.weekdays ?? newRule.weekdays,
    nth: rule.nth ? String(rule.nth) : '',
    day: rule.day ? String(rule.day) : newRule.day,
  }
}

/** A schedule as its form shows it. */
export function draftOf(schedule: Schedule): Draft {
  const { name, cron, calendar, zone, window, jitter, missed } = schedule
  return {
    name,
    kind: calendar.length > 0 ? 'calendar' : 'cron',
    cron: cron || emptyDraft.cron,
    rules: calendar.length > 0 ? calendar.map(ruleDraft) : [newRule],
    zone,
    window,
    jitter,
    missed,
  }
}

function ruleOf(draft: RuleDraft): Rule {
  const at = draft.at.split(/[\s,]+/).filter(Boolean)
  if (draft.on === 'month') return { at, day: Number(draft.day) || 0 }
  if (draft.on === 'weekdays') return { at, weekdays: draft.weekdays, ...(draft.nth && { nth: Number(draft.nth) }) }
  return { at }
}

/** What is sent of a draft. */
export function inputOf(draft: Draft): ScheduleInput {
  const { name, zone, window, jitter, missed } = draft
  const when = draft.kind === 'cron' ? { cron: draft.cron.trim() } : { calendar: draft.rules.map(ruleOf) }
  return { name: name.trim(), ...when, zone: zone.trim(), window: window.trim(), jitter: jitter.trim(), missed }
}

/** What of a schedule is other than it was. */
export function changeOf(before: Draft, after: Draft): Partial<ScheduleInput> {
  const change = changed(inputOf(before), inputOf(after))
  // What is not said any more is taken over by what is said instead.
  for (const key of Object.keys(change) as (keyof ScheduleInput)[]) if (change[key] === undefined) delete change[key]
  return change
}

const dayNames: Record<string, string> = { mon: 'Mon', tue: 'Tue', wed: 'Wed', thu: 'Thu', fri: 'Fri', sat: 'Sat', sun: 'Sun' }
const ordinals: Record<string, string> = { '1': '1st', '2': '2nd', '3': '3rd', '4': '4th', '5': '5th', '-1': 'last' }

/** "Sat" of a weekday as the API writes it. */
export function dayName(day: string): string {
  return dayNames[day] ?? day
}

function ruleWords(rule: Rule): string {
  const at = rule.at.join(' and ')
  if (rule.day) return `${rule.day === -1 ? 'last day' : `day ${rule.day}`} of the month at ${at}`
  const days = (rule.weekdays ?? []).map(dayName).join(', ')
  if (days === '') return `daily at ${at}`
  return `${rule.nth ? `${ordinals[String(rule.nth)] ?? rule.nth} ` : ''}${days} at ${at}`
}

/** When a schedule is due, in words, or its cron expression. */
export function whenWords(schedule: Pick<Schedule, 'cron' | 'calendar'>): string {
  if (schedule.calendar.length === 0) return schedule.cron
  return schedule.calendar.map(ruleWords).join('; ')
}
