import { useQueryClient } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { User } from '../../api/types'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { plural } from '../../components/format'
import { each } from '../../components/notify'

interface Props {
  users: User[]
  onClose: () => void
  /** Told the ids of those that could not be removed. */
  onDone: (failed: string[]) => void
}

/** Removes users for good. */
export function RemoveUsers({ users, onClose, onDone }: Props) {
  const queries = useQueryClient()
  const one = users.length === 1 ? users[0] : undefined
  const confirm = async () => {
    const failed = await each(
      users.map((user) => user.id),
      (n) => `${plural(n, 'user')} removed.`,
      (user) => must(api.DELETE('/v1/users/{user}', { params: { path: { user } } })),
    )
    onDone(failed)
    await queries.invalidateQueries({ queryKey: ['users', 'list'] })
    void queries.invalidateQueries({ queryKey: keys.stats })
  }
  return (
    <ConfirmTyped
      opened={users.length > 0}
      onClose={onClose}
      title={one ? `Remove ${one.name}?` : `Remove ${plural(users.length, 'user')}?`}
      phrase={one ? one.name : `remove ${users.length}`}
      verb="Remove"
      onConfirm={confirm}
    >
      <p>
        {one ? 'The user' : 'These users'} can no longer log in, open sessions end at once, and the name is free again. What was done
        before stays in the audit log. To keep somebody out for a while, disable instead.
      </p>
    </ConfirmTyped>
  )
}
