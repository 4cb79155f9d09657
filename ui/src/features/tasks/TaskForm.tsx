import { Drawer, MultiSelect, SegmentedControl, Select, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import type { Task } from '../../api/types'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FormFoot } from '../../components/FormFoot'
import { useClientNames, useNodeNames, useScheduleNames } from '../../components/names'
import { NextRuns } from '../../components/NextRuns'
import { tell } from '../../components/notify'
import { retentionOf, rules } from '../../components/retention'
import { sentence } from '../../components/format'
import { useSend } from '../../components/useSend'
import { changeOf, draftOf, emptyDraft, gaps, hasTimedLimits, inputOf, type Draft } from './draft'
import { KeptList } from './RetentionPreview'
import { useTask } from './TaskDrawer'

interface Props {
  /** Name of the task; "?" for a new one; "" when the drawer is closed. */
  task: string
  /** Told the name of the task when it was saved. */
  onClose: (saved?: string) => void
}

/** Makes a task, or changes one. */
export function TaskFormDrawer({ task, onClose }: Props) {
  const query = useTask(task)
  const data = task === '' ? undefined : query.data
  return (
    <Drawer opened={task !== ''} onClose={() => onClose()} size={560} title={task === '?' ? 'New task' : `Change ${task}`}>
      {task !== '?' && query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {task === '?' && <Form onClose={onClose} />}
      {task !== '?' && data && <Form key={data.id} task={data} onClose={onClose} />}
    </Drawer>
  )
}

const fields = ['name', 'client', 'source', 'schedule', 'nodes', 'priority', 'retry', 'max_runtime', 'bandwidth', 'pre', 'post', 'retention'] as const

/** A part of a draft that changes. */
export interface PartProps {
  draft: Draft
  set: (change: Partial<Draft>) => void
  errors: Record<string, string | undefined>
  task?: Task
}

function Form({ task, onClose }: { task?: Task; onClose: Props['onClose'] }) {
  const queries = useQueryClient()
  const [before] = useState(() => (task ? draftOf(task) : emptyDraft))
  const [draft, setDraft] = useState(before)
  const [tried, setTried] = useState(false)
  const { busy, problem, send } = useSend()
  const missing = gaps(draft)
  const errors: PartProps['errors'] = { ...problem?.fields, ...(tried && missing) }

  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(missing).length > 0) return
    void send(async (wish) => {
      const headers = { 'Bcm-Request-Id': wish }
      const name = draft.name.trim()
      await (task
        ? must(api.PATCH('/v1/tasks/{task}', { params: { path: { task: task.id } }, body: changeToSend(task, before, draft), headers }))
        : must(api.POST('/v1/tasks', { body: inputOf(draft), headers })))
      await queries.invalidateQueries({ queryKey: keys.all('tasks') })
      tell(task ? `Task ${name} changed.` : `Task ${name} made.`)
      onClose(name)
    })
  }

  const part: PartProps = { draft, errors, task, set: (change) => setDraft((was) => ({ ...was, ...change })) }
  return (
    <form onSubmit={submit} className="dialog form" noValidate>
      <What {...part} />
      <When {...part} />
      <HowLong {...part} />
      <How {...part} />
      <FormFoot verb={task ? 'Save' : 'Make task'} busy={busy} problem={problem} fields={fields} onCancel={() => onClose()} />
    </form>
  )
}

/** Limits by the time of day are not shown here, so they stay as they are. */
function changeToSend(task: Task, before: Draft, after: Draft) {
  const change = changeOf(before, after)
  if (hasTimedLimits(task)) delete change.bandwidth
  return change
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="form-section">
      <legend>{title}</legend>
      {children}
    </fieldset>
  )
}

function What({ draft, set, errors, task }: PartProps) {
  const clients = useClientNames()
  return (
    <Section title="What">
      <TextInput label="Name" value={draft.name} onChange={(e) => set({ name: e.currentTarget.value })} error={errors.name} autoComplete="off" spellCheck={false} data-autofocus />
      <Select
        label="Client"
        description={task ? 'A task stays with its client.' : 'Whose data it is.'}
        placeholder="Choose a client"
        data={clients.map((c) => c.value)}
        value={draft.client || null}
        onChange={(value) => set({ client: value ?? '' })}
        error={errors.client}
        disabled={task !== undefined}
        searchable
      />
      <SegmentedControl
        data={[
          { value: 'paths', label: 'Files and folders' },
          { value: 'command', label: 'Output of a command' },
        ]}
        value={draft.kind}
        onChange={(kind) => set({ kind: kind as Draft['kind'] })}
        aria-label="Source"
      />
      {draft.kind === 'paths' ? (
        <>
          <Lines label="Paths" note="Absolute, one a line." value={draft.paths} onChange={(paths) => set({ paths })} error={errors.paths ?? errors.source} />
          <Lines label="Without" note="Patterns as in .gitignore, one a line." value={draft.exclude} onChange={(exclude) => set({ exclude })} />
        </>
      ) : (
        <>
          <Lines label="Command" note="The program, then its arguments, one a line." value={draft.command} onChange={(command) => set({ command })} error={errors.command ?? errors.source} />
          <TextInput label="File name" description="What its output is called in the backup." placeholder="db.sql" value={draft.file} onChange={(e) => set({ file: e.currentTarget.value })} />
        </>
      )}
    </Section>
  )
}

interface LinesProps {
  label: string
  note: string
  value: string
  onChange: (value: string) => void
  error?: string
}

/** A list that is typed one a line. */
function Lines({ label, note, value, onChange, error }: LinesProps) {
  return (
    <Textarea label={label} description={note} classNames={{ input: 'mono-input' }} rows={3} value={value} onChange={(e) => onChange(e.currentTarget.value)} error={error} spellCheck={false} />
  )
}

function When({ draft, set, errors }: PartProps) {
  const schedules = useScheduleNames()
  return (
    <Section title="When">
      <Select
        label="Schedule"
        placeholder="Only by hand"
        data={schedules.map((s) => s.value)}
        value={draft.schedule || null}
        onChange={(value) => set({ schedule: value ?? '' })}
        error={errors.schedule}
        clearable
        clearButtonProps={{ 'aria-label': 'No schedule' }}
        searchable
      />
      {draft.schedule && <NextRuns schedule={draft.schedule} />}
    </Section>
  )
}

function HowLong({ draft, set, errors, task }: PartProps) {
  return (
    <Section title="What is kept">
      <p className="cell-muted">So many of each; without a number everything stays.</p>
      <div className="form-row">
        {rules.map((rule) => (
          <TextInput
            key={rule}
            label={rule === 'last' ? 'Newest' : sentence(rule)}
            inputMode="numeric"
            value={draft.retention[rule]}
            onChange={(e) => set({ retention: { ...draft.retention, [rule]: e.currentTarget.value.replace(/\D/g, '') } })}
          />
        ))}
      </div>
      {errors.retention && <p className="form-error">{errors.retention}</p>}
      {task && <KeptList task={task.id} retention={retentionOf(draft.retention)} />}
    </Section>
  )
}

function How({ draft, set, errors, task }: PartProps) {
  const nodes = useNodeNames()
  const entry = (key: 'priority' | 'attempts' | 'pause' | 'max_runtime' | 'rate', label: string, placeholder: string, error?: string) => (
    <TextInput label={label} placeholder={placeholder} value={draft[key]} onChange={(e) => set({ [key]: e.currentTarget.value })} error={error} spellCheck={false} autoComplete="off" />
  )
  return (
    <details className="form-more">
      <summary>Where, limits and commands</summary>
      <div className="dialog">
        <MultiSelect label="Runs on" placeholder={draft.nodes.length === 0 ? 'Any backup manager' : undefined} data={nodes.map((n) => n.value)} value={draft.nodes} onChange={(values) => set({ nodes: values })} error={errors.nodes} searchable hidePickedOptions />
        <div className="form-row">
          {entry('priority', 'Priority', '-100 to 100', errors.priority)}
          {entry('attempts', 'Attempts', '1', errors.retry)}
          {entry('pause', 'Pause between', '1m')}
          {entry('max_runtime', 'Longest', '6h', errors.max_runtime)}
          {task && hasTimedLimits(task) ? null : entry('rate', 'MB a second', 'no limit', errors.bandwidth)}
        </div>
        {task && hasTimedLimits(task) && <p className="cell-muted">Its limits by the time of day stay as they are; “bcm task update” changes them.</p>}
        <Lines label="Command before" note="If it fails, so does the backup. One argument a line." value={draft.pre} onChange={(pre) => set({ pre })} error={errors.pre} />
        <Lines label="Command after" note="Whatever came of the backup. One argument a line." value={draft.post} onChange={(post) => set({ post })} error={errors.post} />
      </div>
    </details>
  )
}
