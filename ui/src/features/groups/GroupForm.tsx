import { Checkbox, Modal, NumberInput, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Group } from '../../api/types'
import { FormFoot } from '../../components/FormFoot'
import { tell } from '../../components/notify'
import { useSend } from '../../components/useSend'
import { Matrix } from './Matrix'

interface Props {
  /** The group to change, "new" for one that is to be made; the dialog is open while there is one. */
  group: Group | 'new' | undefined
  onClose: () => void
}

/** Makes or changes a group: its name, what it is for, its rank and its rights. */
export function GroupForm({ group, onClose }: Props) {
  const title = group === 'new' ? 'Create a group' : `Change ${group?.name ?? ''}`
  return (
    <Modal opened={group !== undefined} onClose={onClose} title={title} size={560}>
      {group && <Body group={group === 'new' ? undefined : group} onClose={onClose} />}
    </Modal>
  )
}

const fields = ['name', 'description', 'rank', 'rights'] as const

function Body({ group, onClose }: { group: Group | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState(group?.name ?? '')
  const [description, setDescription] = useState(group?.description ?? '')
  const [rank, setRank] = useState(group?.rank ?? 0)
  const [rights, setRights] = useState(group?.rights ?? [])
  const { busy, problem, send } = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const body = { name: name.trim(), description: description.trim(), rank, rights }
      const headers = { 'Bcm-Request-Id': wish }
      await (group
        ? must(api.PATCH('/v1/groups/{group}', { params: { path: { group: group.id } }, body, headers }))
        : must(api.POST('/v1/groups', { body, headers })))
      await queries.invalidateQueries({ queryKey: keys.all('groups') })
      tell(`Group ${body.name} ${group ? 'changed' : 'created'}.`)
      onClose()
    })
  }
  const all = rights.includes('*')
  return (
    <form className="dialog form" onSubmit={submit} noValidate>
      <div className="form-row">
        <TextInput label="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} error={problem?.fields.name} autoComplete="off" data-autofocus />
        <NumberInput label="Rank" description="0 to 100" min={0} max={100} value={rank} onChange={(value) => setRank(Number(value) || 0)} error={problem?.fields.rank} hideControls inputWrapperOrder={['label', 'input', 'description']} />
      </div>
      <TextInput label="What it is for" value={description} onChange={(e) => setDescription(e.currentTarget.value)} error={problem?.fields.description} autoComplete="off" />
      <Checkbox size="xs" label="All rights, also those of later releases" checked={all} onChange={(e) => setRights(e.currentTarget.checked ? ['*'] : [])} />
      <Matrix rights={rights} onChange={setRights} />
      {problem?.fields.rights && <p className="form-error">{problem.fields.rights}</p>}
      <p className="cell-muted">Nobody acts on users of a higher rank than their own, nor gives rights that they do not have.</p>
      <FormFoot verb={group ? 'Save' : 'Create'} busy={busy} disabled={name.trim() === ''} problem={problem} fields={fields} onCancel={onClose} />
    </form>
  )
}
