import { Checkbox, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useMe, useObstacle } from '../../api/session'
import type { Settings } from '../../api/types'
import { Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FormFoot } from '../../components/FormFoot'
import { tell } from '../../components/notify'
import { Page } from '../../components/Page'
import { useSend } from '../../components/useSend'
import { changeOf, draftOf, type SettingsDraft } from './draft'
import './settings.css'

/** What holds for the whole cluster. */
export function SettingsPage() {
  const settings = useQuery({ queryKey: keys.all('settings'), queryFn: () => must(api.GET('/v1/settings')) })
  return (
    <Page title="Settings" note="They hold for the whole cluster">
      {settings.error && <ErrorPanel problem={asProblem(settings.error)} onRetry={() => void settings.refetch()} />}
      <div className="settings">
        {settings.data && <Form key={JSON.stringify(settings.data)} settings={settings.data} />}
        <Account />
      </div>
    </Page>
  )
}

const every = [
  ['verify_every', 'Verify each repository', 'What is stored is read again and checked.'],
  ['drill_every', 'Drill each task', 'A sample of its newest backup is restored and compared.'],
  ['scrub_every', 'Read again on each storage', 'All that a storage has of a repository.'],
  ['prune_every', 'Give room back', 'In a repository from which something was deleted.'],
] as const

function Form({ settings }: { settings: Settings }) {
  const queries = useQueryClient()
  const mayWrite = useObstacle('cluster:write')
  const before = draftOf(settings)
  const [draft, setDraft] = useState(before)
  const { busy, problem, send } = useSend()
  const body = changeOf(before, draft)
  const set = (change: Partial<SettingsDraft>) => setDraft({ ...draft, ...change })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const now = await must(api.PATCH('/v1/settings', { body, headers: { 'Bcm-Request-Id': wish } }))
      tell('Settings saved.')
      queries.setQueryData(keys.all('settings'), now)
    })
  }
  return (
    <form className="card card-pad dialog" onSubmit={submit} aria-label="Settings of the cluster">
      <fieldset className="form-section" disabled={mayWrite !== undefined}>
        <legend>Care for what is stored</legend>
        {every.map(([field, label, says]) => (
          <TextInput
            key={field}
            label={`${label} every`}
            description={`${says} Such as 7d, 36h or 90m; never with 0.`}
            inputWrapperOrder={['label', 'input', 'description']}
            value={draft[field]}
            onChange={(event) => set({ [field]: event.currentTarget.value })}
          />
        ))}
        <div className="form-row">
          <TextInput label="Percent read by a verification" inputMode="numeric" value={draft.verify_percent} onChange={(e) => set({ verify_percent: e.currentTarget.value.replace(/\D/g, '') })} />
          <TextInput label="Files of a drill" inputMode="numeric" value={draft.drill_files} onChange={(e) => set({ drill_files: e.currentTarget.value.replace(/\D/g, '') })} />
        </div>
      </fieldset>
      <fieldset className="form-section" disabled={mayWrite !== undefined}>
        <legend>Two people</legend>
        <Checkbox
          label="Destructive changes wait until a second user grants them"
          description="That the rule ends is such a change, too."
          checked={draft.required}
          onChange={(event) => set({ required: event.currentTarget.checked })}
        />
      </fieldset>
      {mayWrite && <p className="cell-muted">{mayWrite}</p>}
      <FormFoot verb="Save" busy={busy} disabled={mayWrite !== undefined || Object.keys(body).length === 0} problem={problem} onCancel={() => setDraft(before)} cancel="Undo" />
    </form>
  )
}

function Account() {
  const me = useMe()
  return (
    <section className="card card-pad">
      <div className="card-head">
        <h2>Your account</h2>
      </div>
      <Details
        rows={[
          ['Name', me.user.name],
          ['Groups', me.groups.join(', ') || 'none'],
          ['Rights', me.rights.includes('*') ? 'all' : me.rights.join(', ') || 'none'],
        ]}
      />
      <Password />
    </section>
  )
}

function Password() {
  const [now, setNow] = useState('')
  const [next, setNext] = useState('')
  const { busy, problem, send } = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      await must(api.POST('/v1/me/password', { body: { old_password: now, new_password: next }, headers: { 'Bcm-Request-Id': wish } }))
      tell('Your password is changed; your other sessions have ended.')
      setNow('')
      setNext('')
    })
  }
  return (
    <form className="dialog" onSubmit={submit} aria-label="Change the own password">
      <TextInput type="password" label="Password now" autoComplete="current-password" value={now} onChange={(e) => setNow(e.currentTarget.value)} error={problem?.fields.old_password} />
      <TextInput type="password" label="New password" description="At least 12 characters. Your other sessions end." autoComplete="new-password" value={next} onChange={(e) => setNext(e.currentTarget.value)} error={problem?.fields.new_password} />
      <FormFoot verb="Change password" busy={busy} disabled={now === '' || next === ''} problem={problem} fields={['old_password', 'new_password']} onCancel={() => { setNow(''); setNext('') }} cancel="Clear" />
    </form>
  )
}
