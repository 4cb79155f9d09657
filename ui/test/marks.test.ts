import { describe, expect, it } from 'vitest'
import { marks, type Count } from '../src/components/marks'

const counts = (...numbers: number[]): Count[] => numbers.map((count, i) => ({ key: `k${i}`, count }))
const given = (numbers: number[], room: number) => marks(counts(...numbers), room).map((m) => m.marks)

describe('marks', () => {
  it.each([
    ['everything fits', [1, 2, 3], 10, [1, 2, 3]],
    ['nothing there', [0, 0], 10, [0, 0]],
    ['one among ten thousand keeps its mark', [1, 9999], 100, [1, 99]],
    ['each rare kind keeps its mark', [1, 1, 1, 9997], 100, [1, 1, 1, 97]],
    ['shares are in proportion', [500, 500], 100, [50, 50]],
    ['remainders go where they are largest', [1, 1, 1000], 10, [1, 1, 8]],
    ['the largest pays for the rare ones', [3, 3, 3, 3, 1000], 10, [1, 1, 1, 1, 6]],
    ['less room than kinds: the first ones count', [5, 5, 5], 2, [1, 1, 0]],
    ['no room', [5, 5], 0, [0, 0]],
    ['a negative count is nothing', [-4, 20], 10, [0, 10]],
  ])('%s', (_, numbers, room, want) => {
    expect(given(numbers, room)).toEqual(want)
  })

  it('always fills the room, and hides no state that is not empty', () => {
    let seed = 1
    const next = (below: number) => (seed = (seed * 48271) % 2147483647) % below
    for (let round = 0; round < 2000; round++) {
      const numbers = Array.from({ length: 1 + next(6) }, () => (next(3) === 0 ? 0 : next(10_000)))
      const room = 6 + next(100)
      const total = numbers.reduce((a, b) => a + b, 0)
      const out = given(numbers, room)
      expect(out.reduce((a, b) => a + b, 0)).toBe(Math.min(total, room))
      out.forEach((n, i) => expect(n > 0).toBe(numbers[i]! > 0))
    }
  })
})
