import type { Cluster, Member } from '../../api/types'
import { count, plural } from '../../components/format'

/** How many entries of the log a manager has still to get. */
export function behind(cluster: Pick<Cluster, 'commit_index'>, member: Pick<Member, 'last_index' | 'healthy'>): string {
  if (!member.healthy && member.last_index === 0) return 'not known'
  const missing = Math.max(0, cluster.commit_index - member.last_index)
  return missing === 0 ? 'nothing' : `${count(missing)} ${missing === 1 ? 'entry' : 'entries'}`
}

/** What the loss of managers would mean. */
export function toleranceWords(cluster: Pick<Cluster, 'leader' | 'failure_tolerance' | 'members'>): { tone: 'green' | 'amber' | 'red'; text: string } {
  if (!cluster.leader) return { tone: 'red', text: 'The managers have no leader: nothing can be changed until they have one. Running backups go on.' }
  const voters = cluster.members.filter((member) => member.voter).length
  if (voters === 1) return { tone: 'amber', text: 'There is one manager with a vote; its loss stops all changes. Three can bear the loss of one.' }
  if (cluster.failure_tolerance === 0) return { tone: 'red', text: 'The loss of one more manager stops all changes.' }
  return { tone: 'green', text: `${plural(cluster.failure_tolerance, 'manager')} may be lost, and the others go on.` }
}
