import { Modal, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Schedule } from '../../api/types'
import { FormFoot } from '../../components/FormFoot'
import { tell } from '../../components/notify'
import { useSend } from '../../components/useSend'

/** Pauses a schedule, for good or until a time. */
export function PauseDialog({ schedule, opened, onClose }: { schedule: Schedule; opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={`Pause ${schedule.name}`} size={420}>
      {opened && <Body schedule={schedule} onClose={onClose} />}
    </Modal>
  )
}

function Body({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const queries = useQueryClient()
  const [until, setUntil] = useState('')
  const { busy, problem, send } = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const body = { paused: true, ...(until && { paused_until: new Date(until).toISOString() }) }
      await must(api.PATCH('/v1/schedules/{schedule}', { params: { path: { schedule: schedule.id } }, body, headers: { 'Bcm-Request-Id': wish } }))
      await queries.invalidateQueries({ queryKey: keys.all('schedules') })
      tell(`${schedule.name} is paused.`)
      onClose()
    })
  }
  return (
    <form className="dialog" onSubmit={submit}>
      <TextInput type="datetime-local" label="Until" description="Without a time it stays paused until somebody resumes it." value={until} onChange={(e) => setUntil(e.currentTarget.value)} error={problem?.fields.paused_until} data-autofocus />
      <p className="cell-muted">What is due meanwhile is left out and not made up for.</p>
      <FormFoot verb="Pause" busy={busy} problem={problem} fields={['paused_until']} onCancel={onClose} />
    </form>
  )
}
