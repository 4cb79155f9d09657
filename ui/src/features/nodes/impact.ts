import type { Impact } from '../../api/types'
import { plural } from '../../components/format'

/** One consequence of the loss of a node. */
export interface Consequence {
  severity: 'bad' | 'warn' | 'info'
  text: string
  names: string[]
}

/** What happens when a node dies, the worst first. */
export function consequences(impact: Impact): Consequence[] {
  const found: Consequence[] = []
  const add = (severity: Consequence['severity'], names: string[], text: string) => names.length > 0 && found.push({ severity, text, names })
  const lost = impact.only_copies.flatMap((copy) => copy.clients)
  add('bad', [...new Set(lost)], `Lost for good: it has the only complete copy of the data of ${plural(new Set(lost).size, 'client')}`)
  add('bad', impact.without_runner, `No other node can back up ${plural(impact.without_runner.length, 'client')}`)
  add('warn', impact.waiting, `Backups of ${plural(impact.waiting.length, 'client')} wait until a complete copy takes its place, or it is back`)
  add('info', impact.backups, `${plural(impact.backups.length, 'backup')} at work on it ${impact.backups.length === 1 ? 'stops and is' : 'stop and are'} tried again`)
  add('info', impact.jobs, `${plural(impact.jobs.length, 'job')} at work on it ${impact.jobs.length === 1 ? 'stops' : 'stop'}`)
  return found
}
