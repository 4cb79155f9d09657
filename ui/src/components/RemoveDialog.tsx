import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { keys, type Noun } from '../api/queries'
import { ConfirmTyped } from './ConfirmTyped'
import { plural } from './format'
import { each } from './notify'

interface Props {
  noun: Noun
  /** One of them, as people say it. */
  one: string
  /** What goes; the dialog is open while there is anything. */
  things: { id: string; name: string }[]
  remove: (id: string) => Promise<unknown>
  onClose: () => void
  /** Told the ids of those that could not be removed. */
  onDone: (failed: string[]) => void
  /** What becomes of the rest. */
  children: ReactNode
}

/** Removes things for good, after their name or number was typed. */
export function RemoveDialog({ noun, one, things, remove, onClose, onDone, children }: Props) {
  const queries = useQueryClient()
  const only = things.length === 1 ? things[0] : undefined
  const confirm = async () => {
    const failed = await each(things.map((thing) => thing.id), (n) => `${plural(n, one)} removed.`, remove)
    onDone(failed)
    await queries.invalidateQueries({ queryKey: keys.all(noun) })
    void queries.invalidateQueries({ queryKey: keys.stats })
  }
  return (
    <ConfirmTyped
      opened={things.length > 0}
      onClose={onClose}
      title={only ? `Remove ${only.name}?` : `Remove ${plural(things.length, one)}?`}
      phrase={only ? only.name : `remove ${things.length}`}
      verb="Remove"
      onConfirm={confirm}
    >
      {children}
    </ConfirmTyped>
  )
}
