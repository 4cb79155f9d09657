import { Modal, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Backup } from '../../api/types'
import { Action } from '../../components/Action'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { moment } from '../../components/days'
import { dateTime } from '../../components/format'
import { FormFoot } from '../../components/FormFoot'
import { tell, tellProblem } from '../../components/notify'
import { useSend } from '../../components/useSend'

type Change = { pinned?: boolean; hold?: { until?: string; reason?: string } }

function useProtect(backup: Backup) {
  const queries = useQueryClient()
  return async (body: Change, wish?: string) => {
    const params = { path: { backup: backup.id } }
    await must(api.PATCH('/v1/backups/{backup}', { params, body, ...(wish && { headers: { 'Bcm-Request-Id': wish } }) }))
    await queries.invalidateQueries({ queryKey: keys.all('backups') })
  }
}

/** What keeps a backup from going, in words; "" when nothing does. */
export function keptWords(backup: Pick<Backup, 'pinned' | 'hold' | 'until'>, now: number): string {
  const kept: string[] = []
  if (backup.pinned) kept.push('pinned: it never expires and cannot be deleted')
  if (backup.hold && Date.parse(backup.hold.until) > now) {
    kept.push(`on hold until ${dateTime(backup.hold.until)} by ${backup.hold.by.replace(/^user:/, '')}${backup.hold.reason ? `: ${backup.hold.reason}` : ''}`)
  }
  return kept.join('; ')
}

/** Pins a backup, puts it on hold, and takes that back. */
export function ProtectActions({ backup }: { backup: Backup }) {
  const protect = useProtect(backup)
  const mayKeep = useObstacle('data:write')
  const mayRelease = useObstacle('backups:delete')
  const [open, setOpen] = useState<'hold' | 'unpin' | 'lift'>()
  const close = () => setOpen(undefined)
  const pin = () => {
    protect({ pinned: true }).then(
      () => tell('Pinned: it never expires and cannot be deleted.'),
      (thrown: unknown) => tellProblem('It was not pinned', thrown),
    )
  }
  return (
    <>
      {backup.pinned ? (
        <Action onClick={() => setOpen('unpin')} obstacle={mayRelease ?? mayKeep}>
          Unpin…
        </Action>
      ) : (
        <Action onClick={pin} obstacle={mayKeep}>
          Pin
        </Action>
      )}
      {backup.hold ? (
        <Action onClick={() => setOpen('lift')} obstacle={mayRelease ?? mayKeep}>
          Lift the hold…
        </Action>
      ) : (
        <Action onClick={() => setOpen('hold')} obstacle={mayKeep}>
          Hold…
        </Action>
      )}
      <Modal opened={open === 'hold'} onClose={close} title="Put this backup on hold" size={440}>
        {open === 'hold' && <HoldForm backup={backup} onClose={close} />}
      </Modal>
      <ConfirmTyped opened={open === 'unpin'} onClose={close} title="Unpin this backup?" verb="Unpin" keep="Keep it pinned" onConfirm={() => protect({ pinned: false })}>
        <p>It can be deleted again, and expires when its task's retention says so.</p>
      </ConfirmTyped>
      <ConfirmTyped opened={open === 'lift'} onClose={close} title="Lift the hold?" verb="Lift it" keep="Keep it" onConfirm={() => protect({ hold: {} })}>
        <p>It can be deleted again, and expires when its task's retention says so. The hold was put on by {backup.hold?.by.replace(/^user:/, '')}{backup.hold?.reason ? `: ${backup.hold.reason}` : ''}.</p>
      </ConfirmTyped>
    </>
  )
}

function HoldForm({ backup, onClose }: { backup: Backup; onClose: () => void }) {
  const protect = useProtect(backup)
  const [until, setUntil] = useState('')
  const [reason, setReason] = useState('')
  const { busy, problem, send } = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      await protect({ hold: { until: moment(until, true)[0], reason: reason.trim() } }, wish)
      tell('On hold: it does not expire and cannot be deleted until then.')
      onClose()
    })
  }
  const told = Object.values(problem?.fields ?? {})[0]
  return (
    <form className="dialog" onSubmit={submit}>
      <TextInput type="date" label="Until the end of" value={until} onChange={(event) => setUntil(event.currentTarget.value)} error={told} data-autofocus />
      <TextInput label="Reason" placeholder="Such as a lawsuit, or an audit" value={reason} onChange={(event) => setReason(event.currentTarget.value)} autoComplete="off" />
      <FormFoot verb="Put on hold" busy={busy} disabled={until === ''} problem={problem} fields={['hold']} onCancel={onClose} />
    </form>
  )
}
