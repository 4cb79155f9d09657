import { TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Repository } from '../../api/types'
import { FormFoot } from '../../components/FormFoot'
import { tell } from '../../components/notify'
import { useSend } from '../../components/useSend'

const giga = 1_000_000_000

/** Changes how much of each storage a repository may use. */
export function QuotaForm({ repository, onDone }: { repository: Repository; onDone: () => void }) {
  const queries = useQueryClient()
  const [typed, setTyped] = useState(repository.quota > 0 ? String(repository.quota / giga) : '')
  const { busy, problem, send } = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const body = { quota: Math.round((Number(typed) || 0) * giga) }
      await must(api.PATCH('/v1/repositories/{repository}', { params: { path: { repository: repository.id } }, body, headers: { 'Bcm-Request-Id': wish } }))
      await queries.invalidateQueries({ queryKey: keys.all('repositories') })
      tell(`Quota of ${repository.name} changed.`)
      onDone()
    })
  }
  return (
    <form className="dialog drawer-form" onSubmit={submit}>
      <TextInput
        label="Quota in GB"
        description="On each storage; empty is no limit. Backups fail once it is used up."
        inputMode="decimal"
        value={typed}
        onChange={(e) => setTyped(e.currentTarget.value.replace(/[^\d.]/g, ''))}
        error={problem?.fields.quota}
        data-autofocus
      />
      <FormFoot verb="Save" busy={busy} problem={problem} fields={['quota']} onCancel={onDone} />
    </form>
  )
}
