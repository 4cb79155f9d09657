/** How many backups ended in which way in one slice of time. */
export interface Bucket {
  from: string
  succeeded: number
  warning: number
  failed: number
}

/** The end of a scale that has room for n: 1, 2 or 4 times a power of ten. */
export function ceiling(n: number): number {
  if (n <= 4) return 4
  const power = 10 ** Math.floor(Math.log10(n))
  return [1, 2, 4, 10].map((step) => step * power).find((end) => end >= n) ?? n
}

/** Where along the axis, between 0 and 1, every third full hour of the reader's clock lies. */
export function hours(buckets: Bucket[]): { at: number; label: string }[] {
  return buckets.flatMap(({ from }, i) => {
    const date = new Date(from)
    if (date.getMinutes() !== 0 || date.getHours() % 3 !== 0) return []
    return [{ at: i / buckets.length, label: `${String(date.getHours()).padStart(2, '0')}:00` }]
  })
}
