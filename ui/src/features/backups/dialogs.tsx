import { useQueryClient } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Backup } from '../../api/types'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { bytes, plural } from '../../components/format'
import { each } from '../../components/notify'
import { isStored, titleOf } from '../../components/run'

interface Props {
  /** What it is about; the dialog is open while there are any. */
  backups: Backup[]
  onClose: () => void
  /** Told the ids with which it failed. */
  onDone: (failed: string[]) => void
}

/** Deletes backups, and with them what they stored. */
export function DeleteDialog({ backups, onClose, onDone }: Props) {
  const queries = useQueryClient()
  const stored = backups.filter((backup) => isStored(backup.status))
  const size = stored.reduce((sum, backup) => sum + (backup.stats.bytes ?? 0), 0)
  const one = backups.length === 1 ? backups[0] : undefined
  const confirm = async () => {
    const failed = await each(
      backups.map((backup) => backup.id),
      (n) => `${plural(n, 'backup')} deleted.`,
      (backup) => must(api.DELETE('/v1/backups/{backup}', { params: { path: { backup } } })),
    )
    await queries.invalidateQueries({ queryKey: keys.all('backups') })
    onDone(failed)
  }
  return (
    <ConfirmTyped
      opened={backups.length > 0}
      onClose={onClose}
      title={one ? `Delete this backup of ${titleOf(one)}?` : `Delete ${plural(backups.length, 'backup')}?`}
      phrase={`delete ${backups.length}`}
      verb="Delete"
      onConfirm={confirm}
    >
      {stored.length > 0 ? (
        <p>
          What {plural(stored.length, 'stored backup')} of {bytes(size)} hold can then not be restored any more. Other backups keep
          their data.
        </p>
      ) : (
        <p>Nothing was stored; only the record goes.</p>
      )}
    </ConfirmTyped>
  )
}

/** Cancels runs. What they stored so far is not kept as a backup. */
export function CancelDialog({ backups, onClose, onDone }: Props) {
  const queries = useQueryClient()
  const confirm = async () => {
    const failed = await each(
      backups.map((backup) => backup.id),
      (n) => `${plural(n, 'run')} asked to stop.`,
      (backup) => must(api.POST('/v1/backups/{backup}/cancel', { params: { path: { backup } } })),
    )
    await queries.invalidateQueries({ queryKey: keys.all('backups') })
    onDone(failed)
  }
  return (
    <ConfirmTyped
      opened={backups.length > 0}
      onClose={onClose}
      title={`Cancel ${plural(backups.length, 'run')}?`}
      verb="Cancel the run"
      keep="Let it run"
      onConfirm={confirm}
    >
      <p>Work in progress stops and leaves no backup. The task runs again as scheduled.</p>
    </ConfirmTyped>
  )
}
