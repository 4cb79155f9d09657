// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import type { Member } from '../src/api/types'
import { certificateState } from '../src/features/certificates/state'
import { behind, toleranceWords } from '../src/features/cluster/words'
import { allRights, exists, has, rightsWords, toggled } from '../src/features/groups/rights'
import { changeOf, draftOf, goSpan, shortSpan } from '../src/features/settings/draft'
import { rolesAfter } from '../src/features/tokens/CreateToken'
import { tokenState } from '../src/features/tokens/state'
import { keptWords } from '../src/features/backups/Protection'
import { repeatable } from '../src/components/run'

const now = Date.parse('2026-11-27T12:00:00Z')
const at = (hours: number) => new Date(now + hours * 3_600_000).toISOString()

describe('rights', () => {
  it('are all of one, or those that are named', () => {
    expect([has(['*'], 'users', 'write'), has(['users:read'], 'users', 'read'), has(['users:read'], 'users', 'write')]).toEqual([true, true, false])
    expect([exists('backups', 'restore'), exists('users', 'run'), allRights.length]).toEqual([true, false, 19])
  })

  it('come with the right to see, and go with it', () => {
    expect(toggled([], 'backups', 'run', true)).toEqual(['backups:run', 'backups:read'])
    expect(toggled(['backups:run', 'backups:read', 'users:read'], 'backups', 'read', false)).toEqual(['users:read'])
    expect(toggled(['backups:run', 'backups:read'], 'backups', 'run', false)).toEqual(['backups:read'])
  })

  it('are told in a few words', () => {
    expect([rightsWords(['*']), rightsWords([]), rightsWords(['users:write', 'users:read', 'events:read'])]).toEqual(['all', 'none', 'users write, events read'])
  })
})

describe('the settings', () => {
  const settings = {
    maintenance: { prune_every: '24h0m0s', verify_every: '168h0m0s', drill_every: '36h30m0s', scrub_every: '0s', verify_percent: 5, drill_files: 20 },
    approval: { required: false },
    renewal: { percent: 10 },
  }

  it('are spans as people say them', () => {
    expect(['24h0m0s', '168h0m0s', '36h30m0s', '0s', '1m30s', 'soon'].map(shortSpan)).toEqual(['1d', '7d', '36h30m', '0', '1m30s', 'soon'])
    expect(['7d', ' 1d 12h ', '90m', 'x'].map(goSpan)).toEqual(['168h', '24h12h', '90m', 'x'])
  })

  it('send only what was typed', () => {
    const before = draftOf(settings)
    expect(changeOf(before, before)).toEqual({})
    expect(changeOf(before, { ...before, verify_every: '14d', verify_percent: '10', required: true })).toEqual({
      maintenance: { verify_every: '336h', verify_percent: 10 },
      approval: { required: true },
    })
  })
})

describe('the managers', () => {
  const of = (leader: string, tolerance: number, voters: number) =>
    toleranceWords({ leader, failure_tolerance: tolerance, members: Array.from({ length: voters }, () => ({ voter: true }) as Member) }).tone

  it('bear as many losses as they do', () => {
    expect([of('', 1, 3), of('a', 0, 1), of('a', 0, 3), of('a', 1, 3)]).toEqual(['red', 'amber', 'red', 'green'])
  })

  it('are behind by what they lack, and never ahead', () => {
    const to = (last_index: number, healthy = true) => behind({ commit_index: 10 }, { last_index, healthy })
    expect([to(10), to(9), to(4), to(12), to(0, false)]).toEqual(['nothing', '1 entry', '6 entries', 'nothing', 'not known'])
  })
})

describe('a certificate', () => {
  const of = (left: number, rest: object = {}) => certificateState({ not_before: at(left - 48), not_after: at(left), revoked_at: null, current: true, ...rest }, now)

  it('ends soon when most of its life is over, and is no matter once it is replaced', () => {
    expect([of(40), of(5), of(-1)]).toEqual(['valid', 'ends', 'ended'])
    expect([of(5, { current: false }), of(-1, { current: false }), of(40, { revoked_at: at(-1) })]).toEqual(['replaced', 'replaced', 'revoked'])
  })
})

describe('a token', () => {
  it('is good until it is revoked, ends or is spent', () => {
    const of = (token: object) => tokenState({ revoked: false, expires_at: null, ...token }, now)
    expect([of({}), of({ expires_at: at(1) }), of({ expires_at: at(-1) }), of({ revoked: true }), of({ uses: 1, used: 1 }), of({ uses: 2, used: 1 })]).toEqual([
      'good',
      'good',
      'expired',
      'revoked',
      'spent',
      'good',
    ])
  })

  it('is for a manager alone, or for other roles', () => {
    expect(rolesAfter(['backup-manager'], 'cluster-manager', true)).toEqual(['cluster-manager'])
    expect(rolesAfter(['cluster-manager'], 'backup-storage', true)).toEqual(['backup-storage'])
    expect(rolesAfter(['a', 'b'], 'a', false)).toEqual(['b'])
  })
})

describe('a backup', () => {
  it('is kept by a pin and by a hold, until that ends', () => {
    const hold = { until: at(1), reason: 'audit', by: 'user:ada' }
    expect(keptWords({ pinned: false, until: null }, now)).toBe('')
    expect(keptWords({ pinned: true, until: null }, now)).toContain('pinned')
    expect(keptWords({ pinned: false, hold, until: null }, now)).toMatch(/on hold until .* by ada: audit/)
    expect(keptWords({ pinned: false, hold: { ...hold, until: at(-1) }, until: null }, now)).toBe('')
  })

  it('is made again only when it did not become what it should', () => {
    expect(['failed', 'cancelled', 'warning', 'succeeded', 'running', 'interrupted'].map(repeatable)).toEqual([true, true, true, false, false, false])
  })
})
