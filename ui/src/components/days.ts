/** A day of the reader as a moment: its beginning, or its end. */
export function moment(day: string, end: boolean): string[] {
  if (day === '') return []
  const at = new Date(`${day}T00:00:00`)
  if (end) at.setDate(at.getDate() + 1)
  return [at.toISOString()]
}

/** Two days as a listing is asked for what lies between. */
export function dayRange(from: string, to: string): { from: string[]; to: string[] } {
  return { from: moment(from, false), to: moment(to, true) }
}
