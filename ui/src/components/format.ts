const whole = new Intl.NumberFormat('en-US')
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']

/** 8,999 */
export function count(n: number): string {
  return whole.format(n)
}

/** 1.02 M: short enough for a menu. */
export function shortCount(n: number): string {
  if (n < 100_000) return count(n)
  if (n < 999_500) return `${Math.round(n / 1000)} k`
  return `${(n / 1e6).toFixed(2)} M`
}

/** "nodes", "repositories". */
export function many(noun: string): string {
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`
}

/** "1 node", "2 nodes". */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${n === 1 ? noun : many(noun)}`
}

/** 68.1 PB. Decimal units, as disks are sold. */
export function bytes(n: number | undefined | null): string {
  if (n === undefined || n === null) return '–'
  let unit = 0
  let value = n
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** "2 h", "31 min", "4 s": one unit is enough to judge by. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min`
  if (s < 48 * 3600) return `${Math.floor(s / 3600)} h`
  return `${Math.floor(s / 86_400)} d`
}

/** "1 h 04 min", "2 min 07 s": two units, for how long something took. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`
}

/** "2 h ago" for the past, "in 3 d" for the future. */
export function ago(at: string | null | undefined, now: number): string {
  const ms = at ? Date.parse(at) : Number.NaN
  if (Number.isNaN(ms)) return '–'
  return ms > now + 1500 ? `in ${span(ms - now)}` : `${span(now - ms)} ago`
}

const stamp = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** "23 Nov 2026, 00:37:44" in the reader's time zone. */
export function dateTime(at: string | null | undefined): string {
  const ms = at ? Date.parse(at) : Number.NaN
  return Number.isNaN(ms) ? '–' : stamp.format(ms)
}

/** "00:37:44". */
export function timeOfDay(at: string | number): string {
  return clock.format(typeof at === 'number' ? at : Date.parse(at))
}

/** "62 %". Never 100 before the end, never 0 once begun. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '–'
  const exact = (part / whole) * 100
  if (exact > 0 && exact < 1) return '< 1 %'
  return `${part < whole ? Math.min(99, Math.floor(exact)) : 100} %`
}

const roleNames: Record<string, string> = {
  'cluster-manager': 'Manager',
  'backup-manager': 'Backup manager',
  'backup-storage': 'Backup storage',
  'sesam-server': 'SEP sesam server',
}

/** The name of a role, in words. */
export function roleName(role: string): string {
  return roleNames[role] ?? role
}

/** All roles of a node, in words. */
export function roleList(roles: string[]): string {
  return roles.map(roleName).join(', ') || '–'
}

/** "active" to "Active". */
export function sentence(word: string): string {
  return word === '' ? '–' : word[0]!.toUpperCase() + word.slice(1)
}

/** What has been done, where that is not the word with "ed" behind it. */
const done: Record<string, string> = {
  cancel: 'cancelled',
  end: 'ended',
  init: 'founded',
  leave: 'left',
  password: 'password changed',
  put: 'set',
}

/** "node.update" to "Node updated": the kind of a command, as what has happened. */
export function actionName(action: string): string {
  const words = action.split(/[._-]/)
  const verb = words.pop() ?? ''
  return sentence([...words, done[verb] ?? `${verb.replace(/([^aeiou])y$/, '$1i').replace(/e$/, '')}ed`].join(' '))
}
