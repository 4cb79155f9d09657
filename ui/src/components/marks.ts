/** One kind of thing among many: how many there are of it. */
export interface Count<K extends string = string> {
  key: K
  count: number
}

/** What the marks of a cell or a bar are given to, in the order of the counts. */
export interface Marks<K extends string = string> {
  key: K
  marks: number
}

/**
 * Shares `room` marks out among the counts, in proportion. A count that is not
 * zero keeps at least one mark, so that one broken node among ten thousand is
 * still seen; the largest counts pay for it. When all of them together are
 * fewer than the room, each gets exactly one mark per thing. Counts beyond the
 * room in number are cut off at the end, so put the important ones first.
 */
export function marks<K extends string>(counts: Count<K>[], room: number): Marks<K>[] {
  const total = counts.reduce((sum, c) => sum + Math.max(0, c.count), 0)
  if (total <= room) return counts.map((c) => ({ key: c.key, marks: Math.max(0, c.count) }))
  const shares = counts.map((c) => {
    const exact = (Math.max(0, c.count) / total) * room
    return { key: c.key, exact, marks: c.count > 0 ? Math.max(1, Math.floor(exact)) : 0 }
  })
  settle(shares, room)
  return shares.map(({ key, marks }) => ({ key, marks }))
}

interface Share {
  exact: number
  marks: number
}

/** Gives or takes single marks, where that errs least, until the room is full. */
function settle(shares: Share[], room: number) {
  for (let left = room - sum(shares); left > 0; left--) {
    pick(shares, (s) => s.exact - s.marks, (s) => s.exact > 0).marks++
  }
  while (sum(shares) > room && shares.some((s) => s.marks > 1)) {
    pick(shares, (s) => s.marks - s.exact, (s) => s.marks > 1).marks--
  }
  for (let i = shares.length - 1; i >= 0 && sum(shares) > room; i--) shares[i]!.marks = 0
}

function sum(shares: Share[]): number {
  return shares.reduce((n, s) => n + s.marks, 0)
}

function pick<S extends Share>(shares: S[], weight: (s: S) => number, ok: (s: S) => boolean): S {
  const able = shares.filter(ok)
  return able.reduce((best, s) => (weight(s) > weight(best) ? s : best), able[0]!)
}
