import type { SyncDiff, SyncFact, SyncStep } from '../api/types'
import { plural } from './format'
import type { StateLook } from './states'

/** What happens to an object of a server. */
export type Deed = 'create' | 'change' | 'take-over' | 'disable' | 'remove'

/** Steps of one kind, as they are shown together. */
export interface Batch {
  deed: Deed
  steps: SyncStep[]
}

const order: Deed[] = ['create', 'change', 'take-over', 'disable', 'remove']

export const deeds: Record<Deed, StateLook & { past: string }> = {
  create: { word: 'Create', past: 'created', tone: 'green', shape: 'circle' },
  change: { word: 'Change', past: 'changed', tone: 'blue', shape: 'ring' },
  'take-over': { word: 'Take over', past: 'taken over', tone: 'violet', shape: 'half' },
  disable: { word: 'Disable', past: 'disabled', tone: 'amber', shape: 'diamond' },
  remove: { word: 'Remove', past: 'removed', tone: 'red', shape: 'square' },
}

/**
 * The steps of a diff by what they do. When the cluster takes over what only the
 * server has, those stay as they are there and become the cluster's.
 */
export function batches(diff: Pick<SyncDiff, 'steps' | 'take_over'>, takeOver = false): Batch[] {
  const found = new Map<Deed, SyncStep[]>()
  for (const step of diff.steps) {
    const taken = takeOver && diff.take_over.includes(`${step.kind}/${step.name}`)
    const deed = taken ? 'take-over' : (step.do as Deed)
    found.set(deed, [...(found.get(deed) ?? []), step])
  }
  return order.filter((deed) => found.has(deed)).map((deed) => ({ deed, steps: found.get(deed)! }))
}

/** "3 created, 1 disabled". */
export function diffWords(diff: Pick<SyncDiff, 'steps' | 'take_over'>, takeOver = false): string {
  const parts = batches(diff, takeOver).map(({ deed, steps }) => `${steps.length} ${deeds[deed].past}`)
  return parts.length === 0 ? 'nothing to do' : parts.join(', ')
}

const kinds: Record<string, string> = {
  user: 'user',
  group: 'group',
  acl: 'access list',
  client: 'client',
  task: 'task',
  schedule: 'schedule',
  datastore: 'datastore',
  result: 'result',
}

/** "acl" to "access list". */
export function kindOf(kind: string): string {
  return kinds[kind] ?? kind
}

/** One field of an object: how it is, beside how it is wanted. */
export interface Compared {
  field: string
  found: string
  wanted: string
  differs: boolean
}

const fields = ['enabled', 'groups', 'rights', 'comment'] as const

/** The fields of an object that say anything, found beside wanted. */
export function compared(step: Pick<SyncStep, 'kind' | 'fields'> & { found: SyncFact | null; wanted: SyncFact | null }): Compared[] {
  return fields
    .filter((field) => field !== 'enabled' || step.kind !== 'acl')
    .map((field) => {
      const found = said(step.found, field)
      const wanted = said(step.wanted, field)
      return { field, found, wanted, differs: found !== wanted }
    })
    .filter(({ found, wanted }) => says(found) || says(wanted))
}

function says(value: string): boolean {
  return value !== '–' && value !== 'none'
}

function said(fact: SyncFact | null | undefined, field: (typeof fields)[number]): string {
  if (!fact) return '–'
  const value = fact[field]
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return (typeof value === 'string' ? value : value.join('\n')) || 'none'
}

/** How many objects of a server differ. */
export function driftWords(n: number): string {
  return n === 0 ? 'none' : plural(n, 'object')
}
