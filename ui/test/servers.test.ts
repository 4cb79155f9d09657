// @vitest-environment jsdom
import { describe, expect, it } from 'vitest'
import type { SesamServer, SyncStep } from '../src/api/types'
import { batches, compared, diffWords } from '../src/components/sync'
import { addressOf, bodyOf, spaced } from '../src/features/nodes/certificate'
import { fullness } from '../src/features/nodes/objectColumns'
import { changed, typedOf } from '../src/features/nodes/ServerSettings'
import { revisionWords } from '../src/features/sync/columns'
import { summary } from '../src/features/sync/SyncPage'

const print = 'ff334eae1d554962b65cb5f1be55c609ecec2f31c5ab63cd367d5f6cb6bc985b'

describe('the certificate of a server', () => {
  it('can be read out loud', () => {
    expect(spaced('aabbccddee')).toBe('aabb ccdd ee')
    expect(spaced(print).replaceAll(' ', '')).toBe(print)
  })
})

describe('a server in its form', () => {
  it('is reached by https, with or without saying so', () => {
    expect(['sesam:11401', ' https://sesam/ ', 'http://sesam', ''].map(addressOf)).toEqual(['https://sesam:11401', 'https://sesam', 'http://sesam', ''])
  })

  it('sends nothing that was left empty', () => {
    const draft = { name: ' s ', address: 'h:1', user: 'u', password: ' p ', via: '', site: ' ', passthrough: false }
    expect(bodyOf(draft)).toEqual({ name: 's', roles: ['sesam-server'], address: 'https://h:1', user: 'u', password: ' p ' })
  })

  it('sends only what was changed', () => {
    const before = typedOf({ drift_policy: 'repair', passthrough: false, address: 'https://h:1', user: 'u', via: 'x' } as SesamServer)
    expect(changed(before, before)).toEqual({})
    expect(changed(before, { ...before, address: 'h:1', via: '', password: 'new' })).toEqual({ via: '', password: 'new' })
  })
})

describe('a diff', () => {
  const step = (todo: string, kind: string, name: string) => ({ do: todo, kind, name, fields: [], found: null, wanted: null }) as unknown as SyncStep
  const diff = { steps: [step('disable', 'user', 'otto'), step('create', 'user', 'ada'), step('disable', 'group', 'x')], take_over: ['user/otto'] }

  it('is sorted by what would be done', () => {
    expect(batches(diff).map(({ deed, steps }) => [deed, steps.length])).toEqual([['create', 1], ['disable', 2]])
    expect(diffWords(diff)).toBe('1 created, 2 disabled')
    expect(diffWords({ steps: [], take_over: [] })).toBe('nothing to do')
  })

  it('takes over only what it can', () => {
    expect(diffWords(diff, true)).toBe('1 created, 1 taken over, 1 disabled')
  })

  it('shows what is found beside what is wanted, without fields that say nothing', () => {
    const found = { enabled: true, groups: ['ADMIN'], comment: '', rights: [] }
    const wanted = { enabled: true, groups: ['OPERATOR', 'X'], comment: 'Ada', rights: [] }
    expect(compared({ kind: 'user', fields: ['groups'], found, wanted })).toEqual([
      { field: 'enabled', found: 'yes', wanted: 'yes', differs: false },
      { field: 'groups', found: 'ADMIN', wanted: 'OPERATOR\nX', differs: true },
      { field: 'comment', found: 'none', wanted: 'Ada', differs: true },
    ])
    expect(compared({ kind: 'acl', fields: [], found: { ...found, groups: [], rights: ['A allow'] }, wanted: null })).toEqual([
      { field: 'rights', found: 'A allow', wanted: '–', differs: true },
    ])
  })
})

describe('synchronisation', () => {
  it('is summed up by state, the worst first', () => {
    expect(summary([])).toBe('no server is managed')
    expect(summary(['in-step', 'standalone', 'in-step', 'failing'].map((status) => ({ status })))).toBe('3 managed servers: 1 failing, 2 in step')
  })

  it('has a revision only when managed', () => {
    expect(revisionWords({ cluster_mode: 'standalone', wanted_revision: 0, reached_revision: 0 })).toBe('–')
    expect(revisionWords({ cluster_mode: 'managed', wanted_revision: 44, reached_revision: 41 })).toBe('41 of 44')
    expect(revisionWords({ cluster_mode: 'managed', wanted_revision: 44, reached_revision: 44 })).toBe('44')
  })
})

describe('a datastore', () => {
  it('tells how full it is when its server does', () => {
    expect([fullness({}), fullness({ used: 5, total: 0 }), fullness({ used: 5, total: 10 })]).toEqual(['', '', '5 B of 10 B, 50 %'])
  })
})
