import { useQueryClient } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Approval } from '../../api/types'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { plural } from '../../components/format'
import { each } from '../../components/notify'
import { person } from './columns'

export type Verb = 'grant' | 'deny'

interface Props {
  verb: Verb
  /** What is decided; the dialog is open while there are any. */
  approvals: Approval[]
  onClose: () => void
  /** Told the ids of those that could not be decided. */
  onDone: (failed: string[]) => void
}

const words = { grant: { title: 'Grant', past: 'granted' }, deny: { title: 'Deny', past: 'denied' } }

/** Grants changes that wait for a second person, which makes them happen, or denies them. */
export function DecideDialog({ verb, approvals, onClose, onDone }: Props) {
  const queries = useQueryClient()
  const { title, past } = words[verb]
  const confirm = async () => {
    const failed = await each(
      approvals.map((approval) => approval.id),
      (n) => `${plural(n, 'change')} ${past}.`,
      (approval) => {
        const params = { params: { path: { approval } } }
        return must(verb === 'grant' ? api.POST('/v1/approvals/{approval}/grant', params) : api.POST('/v1/approvals/{approval}/deny', params))
      },
    )
    await queries.invalidateQueries({ queryKey: keys.all('approvals') })
    onDone(failed)
  }
  return (
    <ConfirmTyped
      opened={approvals.length > 0}
      onClose={onClose}
      title={`${title} ${plural(approvals.length, 'change')}?`}
      verb={title}
      onConfirm={confirm}
    >
      <ul>
        {approvals.map((approval) => (
          <li key={approval.id}>
            {person(approval.by)}: {approval.reason}
          </li>
        ))}
      </ul>
      {verb === 'grant' && <p>The change is made at once, in the name of who asked for it.</p>}
    </ConfirmTyped>
  )
}
