import { Drawer, Select, Textarea, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import type { Client } from '../../api/types'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FormFoot } from '../../components/FormFoot'
import { useRepositoryNames } from '../../components/names'
import { tell } from '../../components/notify'
import { useSend } from '../../components/useSend'
import { useClient } from './ClientDrawer'
import { changeOf, draftOf, emptyDraft, inputOf, type Draft, type PlaceDraft } from './draft'

interface Props {
  /** Name of the client; "?" for a new one; "" when the drawer is closed. */
  client: string
  /** Told the name of the client when it was saved. */
  onClose: (saved?: string) => void
}

/** Makes a client, or changes one. */
export function ClientFormDrawer({ client, onClose }: Props) {
  const query = useClient(client)
  const data = client === '' ? undefined : query.data
  return (
    <Drawer opened={client !== ''} onClose={() => onClose()} size={520} title={client === '?' ? 'New client' : `Change ${client}`}>
      {client !== '?' && query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {client === '?' && <Form onClose={onClose} />}
      {client !== '?' && data && <Form key={data.id} client={data} onClose={onClose} />}
    </Drawer>
  )
}

const fields = ['name', 'address', 'labels', 'copies', 'parallel', 'repository', 'quota']

function Form({ client, onClose }: { client?: Client; onClose: Props['onClose'] }) {
  const queries = useQueryClient()
  const [before] = useState(() => (client ? draftOf(client) : emptyDraft))
  const [draft, setDraft] = useState(before)
  const [tried, setTried] = useState(false)
  const { busy, problem, send } = useSend()
  const set = (change: Partial<Draft>) => setDraft((was) => ({ ...was, ...change }))
  const name = draft.name.trim()

  const submit = (event: FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (name === '') return
    void send(async (wish) => {
      const headers = { 'Bcm-Request-Id': wish }
      await (client
        ? must(api.PATCH('/v1/clients/{client}', { params: { path: { client: client.id } }, body: changeOf(before, draft), headers }))
        : must(api.POST('/v1/clients', { body: inputOf(draft), headers })))
      await Promise.all([queries.invalidateQueries({ queryKey: keys.all('clients') }), queries.invalidateQueries({ queryKey: keys.all('assignments') })])
      tell(client ? `Client ${name} changed.` : `Client ${name} made.`)
      onClose(name)
    })
  }

  const errors = problem?.fields ?? {}
  return (
    <form onSubmit={submit} className="dialog form" noValidate>
      <TextInput
        label="Name"
        value={draft.name}
        onChange={(e) => set({ name: e.currentTarget.value })}
        error={errors.name ?? (tried && name === '' ? 'A client needs a name' : undefined)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <TextInput label="Address" placeholder="Where people find it" value={draft.address} onChange={(e) => set({ address: e.currentTarget.value })} error={errors.address} spellCheck={false} />
      <div className="form-row">
        <TextInput label="Copies" description="1 to 8 storages" inputMode="numeric" value={draft.copies} onChange={(e) => set({ copies: e.currentTarget.value.replace(/\D/g, '') })} error={errors.copies} />
        <TextInput label="Backups at once" description="Empty is no limit" inputMode="numeric" value={draft.parallel} onChange={(e) => set({ parallel: e.currentTarget.value.replace(/\D/g, '') })} error={errors.parallel} />
      </div>
      {!client && <Repository draft={draft} set={set} errors={errors} />}
      <Textarea label="Labels" description="key=value, one a line." rows={2} classNames={{ input: 'mono-input' }} value={draft.labels} onChange={(e) => set({ labels: e.currentTarget.value })} error={errors.labels} spellCheck={false} />
      <details className="form-more">
        <summary>Where it may be backed up and kept</summary>
        <div className="dialog">
          <Place title="Backed up by nodes" place={draft.managers} onChange={(managers) => set({ managers })} />
          <Place title="Kept on nodes" place={draft.storages} onChange={(storages) => set({ storages })} />
          <TextInput label="Two copies must differ in" placeholder="site, or label:rack" value={draft.spread} onChange={(e) => set({ spread: e.currentTarget.value })} spellCheck={false} />
        </div>
      </details>
      <FormFoot verb={client ? 'Save' : 'Make client'} busy={busy} problem={problem} fields={fields} onCancel={() => onClose()} />
    </form>
  )
}

function Repository({ draft, set, errors }: { draft: Draft; set: (change: Partial<Draft>) => void; errors: Record<string, string> }) {
  const repositories = useRepositoryNames()
  return (
    <>
      <Select
        label="Repository"
        description={draft.repository ? 'Who can read one of its clients can read all.' : 'Its own, with a password of its own.'}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        placeholder="Its own"
        data={repositories.map((r) => r.value)}
        value={draft.repository || null}
        onChange={(value) => set({ repository: value ?? '' })}
        error={errors.repository}
        clearable
        clearButtonProps={{ 'aria-label': 'Its own' }}
        searchable
      />
      {draft.repository === '' && (
        <TextInput label="Quota in GB" description="On each storage; empty is no limit." inputMode="decimal" value={draft.quota} onChange={(e) => set({ quota: e.currentTarget.value.replace(/[^\d.]/g, '') })} error={errors.quota} />
      )}
    </>
  )
}

function Place({ title, place, onChange }: { title: string; place: PlaceDraft; onChange: (place: PlaceDraft) => void }) {
  return (
    <fieldset className="form-section">
      <legend>{title}</legend>
      <div className="form-row">
        <Textarea label="At a site of" description="One a line; none is any." rows={2} value={place.sites} onChange={(e) => onChange({ ...place, sites: e.currentTarget.value })} spellCheck={false} />
        <Textarea label="With all labels" description="key=value, one a line." rows={2} classNames={{ input: 'mono-input' }} value={place.labels} onChange={(e) => onChange({ ...place, labels: e.currentTarget.value })} spellCheck={false} />
      </div>
    </fieldset>
  )
}
