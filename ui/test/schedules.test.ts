// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import type { Schedule } from '../src/api/types'
import { slotTime } from '../src/components/NextRuns'
import { shownState } from '../src/features/schedules/columns'
import { changeOf, draftOf, emptyDraft, inputOf, newRule, whenWords } from '../src/features/schedules/draft'

const calendar = [
  { at: ['02:30', '14:00'], weekdays: ['sat'], nth: -1 },
  { at: ['03:00'], day: -1 },
]
const schedule = { name: 'nightly', cron: '30 2 * * *', calendar: [], zone: 'UTC', window: '', jitter: '', missed: 'run_once' } as unknown as Schedule

describe('a schedule in its form', () => {
  it('is the same when nothing was typed', () => {
    expect(changeOf(draftOf(schedule), draftOf(schedule))).toEqual({})
    const other = { ...schedule, cron: '', calendar } as Schedule
    expect(changeOf(draftOf(other), draftOf(other))).toEqual({})
    expect(inputOf(draftOf(other)).calendar).toEqual(calendar)
  })

  it('changes from cron to days without speaking of cron any more', () => {
    const before = draftOf(schedule)
    expect(changeOf(before, { ...before, kind: 'calendar', rules: [{ ...newRule, at: '01:00 05:00' }] })).toEqual({ calendar: [{ at: ['01:00', '05:00'] }] })
  })

  it('sends of a rule only what it is about', () => {
    const rules = [{ ...newRule, on: 'month' as const, day: '31', weekdays: ['mon'] }, { ...newRule, on: 'weekdays' as const, weekdays: ['mon', 'fri'] }]
    expect(inputOf({ ...emptyDraft, rules }).calendar).toEqual([{ at: ['02:30'], day: 31 }, { at: ['02:30'], weekdays: ['mon', 'fri'] }])
  })

  it('is told in words', () => {
    expect(whenWords(schedule)).toBe('30 2 * * *')
    expect(whenWords({ cron: '', calendar })).toBe('last Sat at 02:30 and 14:00; last day of the month at 03:00')
    expect(whenWords({ cron: '', calendar: [{ at: ['01:00'] }] })).toBe('daily at 01:00')
  })

  it('is paused only while it is enabled', () => {
    expect(shownState({ enabled: true, paused: true })).toBe('paused')
    expect(shownState({ enabled: false, paused: true })).toBe('disabled')
  })
})

describe('a slot', () => {
  it('is shown in the zone of its schedule, wherever the reader is', () => {
    expect(slotTime('2026-11-28T02:30:00+01:00')).toBe('Sat 28 Nov, 02:30')
    expect(slotTime('soon')).toBe('soon')
  })
})
