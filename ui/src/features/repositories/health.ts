import type { Copy, Node, Repository } from '../../api/types'
import { plural } from '../../components/format'

/** The states of a copy, the worst first. */
const order = ['damaged', 'gone', 'behind', 'empty', 'copying', 'written', 'whole']

/** The state that says most about a repository: that of its worst copy. */
export function worst(copies: Pick<Copy, 'state'>[]): string {
  const states = copies.map((copy) => copy.state)
  return order.find((state) => states.includes(state)) ?? states[0] ?? ''
}

/** How much of a repository lies on the storage that has most of it. */
export function sizeOf(copies: Pick<Copy, 'bytes'>[]): number {
  return Math.max(0, ...copies.map((copy) => copy.bytes))
}

/** When all of it was last read again, on the storage where that is longest ago; null when it never was on one. */
export function scrubbedAt(copies: Pick<Copy, 'scrubbed_at'>[]): string | null {
  if (copies.length === 0 || copies.some((copy) => !copy.scrubbed_at)) return null
  return copies.map((copy) => copy.scrubbed_at!).sort()[0]!
}

/** In how many days the first of its storages is full; undefined when none fills up. */
export function fullIn(repository: Pick<Repository, 'storages'>, nodes: Pick<Node, 'name' | 'capacity'>[]): number | undefined {
  const days = nodes.filter((node) => repository.storages.includes(node.name)).map((node) => node.capacity?.full_in_days)
  const known = days.filter((n) => n !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** "full in 6 days", and whether that is soon. */
export function fullWords(days: number | undefined): { text: string; soon: boolean } {
  if (days === undefined) return { text: 'no end in sight', soon: false }
  return { text: days === 0 ? 'full today' : `full in ${plural(days, 'day')}`, soon: days <= 30 }
}
