import { Drawer, Radio, SegmentedControl, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import type { Schedule } from '../../api/types'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FormFoot } from '../../components/FormFoot'
import { PreviewRuns } from '../../components/NextRuns'
import { tell } from '../../components/notify'
import { useSend } from '../../components/useSend'
import { changeOf, draftOf, emptyDraft, inputOf, type Draft } from './draft'
import { Rules } from './Rules'
import { useSchedule } from './ScheduleDrawer'

interface Props {
  /** Name of the schedule; "?" for a new one; "" when the drawer is closed. */
  schedule: string
  /** Told the name of the schedule when it was saved. */
  onClose: (saved?: string) => void
}

/** Makes a schedule, or changes one. */
export function ScheduleFormDrawer({ schedule, onClose }: Props) {
  const query = useSchedule(schedule)
  const data = schedule === '' ? undefined : query.data
  return (
    <Drawer opened={schedule !== ''} onClose={() => onClose()} size={560} title={schedule === '?' ? 'New schedule' : `Change ${schedule}`}>
      {schedule !== '?' && query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {schedule === '?' && <Form onClose={onClose} />}
      {schedule !== '?' && data && <Form key={data.id} schedule={data} onClose={onClose} />}
    </Drawer>
  )
}

const fields = ['name', 'cron', 'calendar', 'zone', 'window', 'jitter', 'missed']

function Form({ schedule, onClose }: { schedule?: Schedule; onClose: Props['onClose'] }) {
  const queries = useQueryClient()
  const [before] = useState(() => (schedule ? draftOf(schedule) : emptyDraft))
  const [draft, setDraft] = useState(before)
  const [tried, setTried] = useState(false)
  const { busy, problem, send } = useSend()
  const set = (change: Partial<Draft>) => setDraft((was) => ({ ...was, ...change }))
  const nameless = draft.name.trim() === ''

  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (nameless) return
    void send(async (wish) => {
      const headers = { 'Bcm-Request-Id': wish }
      const saved = schedule
        ? await must(api.PATCH('/v1/schedules/{schedule}', { params: { path: { schedule: schedule.id } }, body: changeOf(before, draft), headers }))
        : await must(api.POST('/v1/schedules', { body: inputOf(draft), headers }))
      await queries.invalidateQueries({ queryKey: keys.all('schedules') })
      tell(schedule ? `Schedule ${saved.name} changed.` : `Schedule ${saved.name} made.`)
      onClose(saved.name)
    })
  }

  const errors = problem?.fields ?? {}
  return (
    <form onSubmit={submit} className="dialog form" noValidate>
      <TextInput
        label="Name"
        value={draft.name}
        onChange={(e) => set({ name: e.currentTarget.value })}
        error={errors.name ?? (tried && nameless ? 'A schedule needs a name' : undefined)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <SegmentedControl
        data={[
          { value: 'calendar', label: 'Days and times' },
          { value: 'cron', label: 'Cron expression' },
        ]}
        value={draft.kind}
        onChange={(kind) => set({ kind: kind as Draft['kind'] })}
        aria-label="Kind"
      />
      {draft.kind === 'cron' ? (
        <TextInput
          label="Cron expression"
          description="Minute, hour, day of month, month, day of week; or @daily and the like."
          classNames={{ input: 'mono-input' }}
          value={draft.cron}
          onChange={(e) => set({ cron: e.currentTarget.value })}
          error={errors.cron}
          spellCheck={false}
          autoComplete="off"
        />
      ) : (
        <Rules rules={draft.rules} onChange={(rules) => set({ rules })} error={errors.calendar} />
      )}
      <Limits draft={draft} set={set} errors={errors} />
      <h2>Next runs</h2>
      <PreviewRuns input={{ ...inputOf(draft), name: draft.name.trim() || 'new' }} />
      <FormFoot verb={schedule ? 'Save' : 'Make schedule'} busy={busy} problem={problem} fields={fields} onCancel={() => onClose()} />
    </form>
  )
}

function Limits({ draft, set, errors }: { draft: Draft; set: (change: Partial<Draft>) => void; errors: Record<string, string> }) {
  return (
    <>
      <div className="form-row">
        <TextInput label="Time zone" placeholder="UTC" value={draft.zone} onChange={(e) => set({ zone: e.currentTarget.value })} error={errors.zone} spellCheck={false} />
        <TextInput label="Window" placeholder="no end" value={draft.window} onChange={(e) => set({ window: e.currentTarget.value })} error={errors.window} spellCheck={false} />
        <TextInput label="Spread over" placeholder="nothing" value={draft.jitter} onChange={(e) => set({ jitter: e.currentTarget.value })} error={errors.jitter} spellCheck={false} />
      </div>
      <p className="cell-muted">The window is how long after its time a run may still begin, such as 4h; its tasks are spread over a time such as 15m.</p>
      <Radio.Group label="Runs that nobody could start" value={draft.missed} onChange={(missed) => set({ missed })} error={errors.missed}>
        <div className="choices choices-tight">
          <Radio value="run_once" label="Make up for them, once" />
          <Radio value="skip" label="Leave them out" />
        </div>
      </Radio.Group>
    </>
  )
}
