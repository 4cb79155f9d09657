import { Checkbox, Modal, PasswordInput, Select, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { FormFoot } from '../../components/FormFoot'
import { useSesamAgents } from '../../components/names'
import { tell } from '../../components/notify'
import { useSend } from '../../components/useSend'
import { bodyOf, certificateOf, type ServerDraft, type Shown } from './certificate'
import { Trust } from './Trust'
import './servers.css'

interface Props {
  opened: boolean
  onClose: () => void
  /** Told the name of the server that now belongs to the grid. */
  onAdded: (name: string) => void
}

/** Makes a SEP sesam server a node of the grid: where it is, then whether its certificate is trusted. */
export function AddServer({ opened, onClose, onAdded }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title="Add a SEP sesam server" size={480}>
      {opened && <Body onClose={onClose} onAdded={onAdded} />}
    </Modal>
  )
}

const empty: ServerDraft = { name: '', address: '', user: '', password: '', via: '', site: '', passthrough: false }
const fields = ['name', 'address', 'user', 'password', 'via', 'site'] as const

function Body({ onClose, onAdded }: Omit<Props, 'opened'>) {
  const queries = useQueryClient()
  const agents = useSesamAgents()
  const [draft, setDraft] = useState(empty)
  const [shown, setShown] = useState<Shown>()
  const { busy, problem, send } = useSend()
  const set = (change: Partial<ServerDraft>) => setDraft({ ...draft, ...change })
  const complete = [draft.name, draft.address, draft.user, draft.password].every((value) => value.trim() !== '')

  const ask = () => send(async () => setShown(await certificateOf(draft.address)))
  const add = (trusted: Shown) =>
    send(async (wish) => {
      try {
        const body = { ...bodyOf(draft), fingerprint: trusted.fingerprint }
        await must(api.POST('/v1/nodes', { body, headers: { 'Bcm-Request-Id': wish } }))
      } catch (thrown) {
        if (fields.some((field) => field in asProblem(thrown).fields)) setShown(undefined) // back to what is to be corrected
        throw thrown
      }
      await queries.invalidateQueries({ queryKey: keys.all('nodes') })
      tell(`${draft.name.trim()} belongs to the grid. It stays its own master until you make it managed.`)
      onAdded(draft.name.trim())
      onClose()
    })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void (shown ? add(shown) : ask())
  }
  const text = (field: (typeof fields)[number]) => ({
    value: draft[field],
    onChange: (event: { currentTarget: { value: string } }) => set({ [field]: event.currentTarget.value }),
    error: problem?.fields[field],
    autoComplete: 'off',
    spellCheck: false,
  })

  if (shown) {
    return (
      <form className="dialog" onSubmit={submit}>
        <Trust shown={shown} />
        <FormFoot verb="Trust it and add" busy={busy} problem={problem} onCancel={() => setShown(undefined)} cancel="Back" />
      </form>
    )
  }
  return (
    <form className="dialog" onSubmit={submit} noValidate>
      <TextInput label="Name" description="In this cluster." data-autofocus {...text('name')} />
      <TextInput label="Address" placeholder="https://sesam.example.org:11401" {...text('address')} />
      <div className="form-row">
        <TextInput label="Account" description="On the server, with all rights." {...text('user')} />
        <PasswordInput label="Password" description="It is kept encrypted." visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }} {...text('password')} autoComplete="new-password" />
      </div>
      <div className="form-row">
        <Select
          label="Reached through"
          placeholder="Any manager"
          data={agents.map((agent) => agent.value)}
          value={draft.via || null}
          onChange={(value) => set({ via: value ?? '' })}
          error={problem?.fields.via}
          clearable
          clearButtonProps={{ 'aria-label': 'Any manager' }}
        />
        <TextInput label="Site" {...text('site')} />
      </div>
      <Checkbox
        size="xs"
        label="Its own clients may reach it through the cluster"
        checked={draft.passthrough}
        onChange={(event) => set({ passthrough: event.currentTarget.checked })}
      />
      <FormFoot verb="Ask for its certificate" busy={busy} disabled={!complete} problem={problem} fields={fields} onCancel={onClose} />
    </form>
  )
}
