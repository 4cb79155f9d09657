import { Button, Modal, Select } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState, type FormEvent } from 'react'
import { api, must, requestId } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { keys } from '../../api/queries'
import type { Task } from '../../api/types'
import { Empty } from '../../components/Empty'
import { ErrorPanel } from '../../components/ErrorPanel'
import { useTasks } from '../../components/names'

interface Props {
  /** The task to begin with; "?" for none; "" while the dialog is closed. */
  task: string
  onClose: () => void
}

/** Starts a backup of a task now, and goes to it. */
export function RunDialog({ task, onClose }: Props) {
  return (
    <Modal opened={task !== ''} onClose={onClose} title="Run backup" size={440}>
      {task !== '' && <Body task={task} onClose={onClose} />}
    </Modal>
  )
}

function source(task: Task | undefined): string {
  if (!task) return ' '
  const what = task.source.paths?.join(', ') || `output of ${task.source.command?.[0] ?? 'a command'}`
  return `${what} of ${task.client}`
}

function Body({ task, onClose }: Props) {
  const tasks = useTasks()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [chosen, setChosen] = useState(task === '?' ? '' : task)
  const wish = useRef(requestId())
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const items = tasks.data?.items ?? []

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      const headers = { 'Bcm-Request-Id': wish.current }
      const backup = await must(api.POST('/v1/backups', { body: { task: chosen }, headers }))
      await queries.invalidateQueries({ queryKey: keys.all('backups') })
      await navigate({ to: '/backups/$id', params: { id: backup.id } })
    } catch (thrown) {
      const failed = asProblem(thrown)
      // An answer that never came may still have had its effect: trying again is the same wish then.
      if (!failed.passing) wish.current = requestId()
      setProblem(failed)
      setBusy(false)
    }
  }

  if (tasks.error) return <ErrorPanel problem={asProblem(tasks.error)} onRetry={() => void tasks.refetch()} />
  if (tasks.data && items.length === 0) {
    return <Empty title="No tasks yet">A task says what to back up. Make one with “bcm task add”.</Empty>
  }
  return (
    <form onSubmit={submit} className="dialog">
      <Select
        label="Task"
        description={source(items.find((t) => t.name === chosen))}
        placeholder="Choose a task"
        inputWrapperOrder={['label', 'input', 'description']}
        data={items.map((t) => t.name)}
        value={chosen || null}
        onChange={(value) => setChosen(value ?? '')}
        searchable
        nothingFoundMessage="No such task"
        data-autofocus
      />
      {problem && <ErrorPanel problem={problem} />}
      <div className="dialog-buttons">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={chosen === ''} loading={busy}>
          Run
        </Button>
      </div>
    </form>
  )
}
