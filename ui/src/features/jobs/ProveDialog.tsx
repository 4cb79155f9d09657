import { Modal, Select, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import { FormFoot } from '../../components/FormFoot'
import { ago, bytes } from '../../components/format'
import { useNow } from '../../components/hooks'
import { useNodeNames, useTaskNames } from '../../components/names'
import { useSend } from '../../components/useSend'

interface Props {
  kind: 'drills' | 'verifications'
  opened: boolean
  onClose: () => void
}

/** Begins a drill or a verification of the newest backup of a task. */
export function ProveDialog({ kind, opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={kind === 'drills' ? 'Run a restore drill' : 'Verify a backup'} size={440}>
      {opened && <Body kind={kind} onClose={onClose} />}
    </Modal>
  )
}

/** The newest backup of a task that has stored something. */
function useNewest(task: string) {
  const query = { task: [task], status: ['succeeded', 'warning'], sort: '-created_at', limit: 1 }
  return useQuery({
    queryKey: keys.top('backups', query),
    queryFn: () => must(api.GET('/v1/backups', { params: { query } })),
    enabled: task !== '',
  }).data?.items
}

function Body({ kind, onClose }: Pick<Props, 'kind' | 'onClose'>) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const tasks = useTaskNames()
  const nodes = useNodeNames()
  const now = useNow()
  const [task, setTask] = useState('')
  const [node, setNode] = useState('')
  const [size, setSize] = useState('')
  const newest = useNewest(task)
  const backup = newest?.[0]
  const { busy, problem, send } = useSend()
  const drill = kind === 'drills'

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!backup) return
    void send(async (wish) => {
      const rest = { params: { path: { backup: backup.id } }, headers: { 'Bcm-Request-Id': wish } }
      const where = node === '' ? {} : { node }
      const n = Number(size) || undefined
      const job = drill
        ? await must(api.POST('/v1/backups/{backup}/drill', { ...rest, body: { ...where, ...(n && { files: n }) } }))
        : await must(api.POST('/v1/backups/{backup}/verify', { ...rest, body: { ...where, ...(n && { percent: n }) } }))
      await queries.invalidateQueries({ queryKey: keys.all(kind) })
      onClose()
      await navigate({ to: drill ? '/drills' : '/verifications', search: { job: job.id } })
    })
  }

  return (
    <form className="dialog" onSubmit={submit}>
      <Select
        label="Task"
        description={backup ? `Its newest backup, ${ago(backup.finished_at, now)}, ${bytes(backup.stats.bytes)}.` : newest ? 'It has no backup that has stored something.' : 'Its newest backup is used.'}
        inputWrapperOrder={['label', 'input', 'description']}
        placeholder="Choose a task"
        data={tasks.map((t) => t.value)}
        value={task || null}
        onChange={(value) => setTask(value ?? '')}
        searchable
        data-autofocus
      />
      <Select label="On" placeholder="Any backup manager" data={nodes.map((n) => n.value)} value={node || null} onChange={(value) => setNode(value ?? '')} clearable clearButtonProps={{ 'aria-label': 'Any' }} error={problem?.fields.node} />
      <TextInput
        label={drill ? 'Files' : 'Percent of the data'}
        placeholder={drill ? 'As the settings say' : '100'}
        inputMode="numeric"
        value={size}
        onChange={(e) => setSize(e.currentTarget.value.replace(/\D/g, ''))}
        error={problem?.fields[drill ? 'files' : 'percent']}
      />
      <FormFoot verb={drill ? 'Run the drill' : 'Verify'} busy={busy} disabled={!backup} problem={problem} fields={['node', 'files', 'percent']} onCancel={onClose} />
    </form>
  )
}
