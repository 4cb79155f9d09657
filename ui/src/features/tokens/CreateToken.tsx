import { Button, Checkbox, Modal, NumberInput, Select, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import { useMe, useObstacle } from '../../api/session'
import { FormFoot } from '../../components/FormFoot'
import { roleName } from '../../components/format'
import { useUserNames } from '../../components/names'
import { useSend } from '../../components/useSend'
import { Secret } from './Secret'

interface Props {
  /** The kind of token to make; the dialog is open while there is one. */
  kind: 'join' | 'api' | undefined
  onClose: () => void
}

/** Makes a token and shows its secret, this once. */
export function CreateToken({ kind, onClose }: Props) {
  return (
    <Modal opened={kind !== undefined} onClose={onClose} title={kind === 'api' ? 'Create an API token' : 'Create a join token'} size={520} closeOnClickOutside={false}>
      {kind === 'join' && <Join onClose={onClose} />}
      {kind === 'api' && <Api onClose={onClose} />}
    </Modal>
  )
}

const roles = ['backup-manager', 'backup-storage', 'sesam-server', 'cluster-manager']
const joinTimes = [
  { value: '1h', label: '1 hour' },
  { value: '4h', label: '4 hours' },
  { value: '24h', label: '24 hours' },
]

function Done({ label, text, note, onClose }: { label: string; text: string; note: string; onClose: () => void }) {
  return (
    <div className="dialog">
      <Secret label={label} text={text} />
      <p className="drawer-reason">It is shown this once. {note}</p>
      <div className="dialog-buttons">
        <Button onClick={onClose}>Done</Button>
      </div>
    </div>
  )
}

/** Roles that go with others: a manager joins as one and nothing else. */
export function rolesAfter(chosen: string[], role: string, on: boolean): string[] {
  if (!on) return chosen.filter((one) => one !== role)
  return role === 'cluster-manager' ? [role] : [...chosen.filter((one) => one !== 'cluster-manager'), role]
}

function Join({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState(['backup-manager'])
  const [ttl, setTTL] = useState('1h')
  const [uses, setUses] = useState(1)
  const [command, setCommand] = useState('')
  const { busy, problem, send } = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const made = await must(api.POST('/v1/join-tokens', { body: { name: name.trim(), roles: chosen, ttl, uses }, headers: { 'Bcm-Request-Id': wish } }))
      await queries.invalidateQueries({ queryKey: keys.all('join-tokens') })
      setCommand(made.command)
    })
  }
  if (command) return <Done label="Type this on the node" text={command} note="Who has it can join with these roles until it is spent, ends or is revoked." onClose={onClose} />
  return (
    <form className="dialog" onSubmit={submit}>
      <fieldset className="form-section">
        <legend>A node may join as</legend>
        {roles.map((role) => (
          <Checkbox
            key={role}
            size="xs"
            label={role === 'sesam-server' ? 'Agent that reaches SEP sesam servers' : roleName(role)}
            checked={chosen.includes(role)}
            onChange={(event) => setChosen(rolesAfter(chosen, role, event.currentTarget.checked))}
          />
        ))}
        {problem?.fields.roles && <p className="form-error">{problem.fields.roles}</p>}
      </fieldset>
      <div className="form-row">
        <Select label="Good for" data={joinTimes} value={ttl} onChange={(value) => setTTL(value ?? ttl)} allowDeselect={false} error={problem?.fields.ttl} />
        <NumberInput label="Nodes" min={1} max={1000} value={uses} onChange={(value) => setUses(Number(value) || 1)} error={problem?.fields.uses} hideControls />
      </div>
      <TextInput label="What it is for" placeholder="Optional" value={name} onChange={(event) => setName(event.currentTarget.value)} error={problem?.fields.name} autoComplete="off" />
      <FormFoot verb="Create" busy={busy} disabled={chosen.length === 0} problem={problem} fields={['roles', 'ttl', 'uses', 'name']} onCancel={onClose} />
    </form>
  )
}

const apiTimes = [
  { value: '24h', label: 'a day' },
  { value: '720h', label: '30 days' },
  { value: '8760h', label: 'a year' },
  { value: '', label: 'without end' },
]

function Api({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const me = useMe().user.name
  const users = useUserNames(useObstacle('users:read') === undefined)
  const [name, setName] = useState('')
  const [user, setUser] = useState(me)
  const [ttl, setTTL] = useState('720h')
  const [token, setToken] = useState('')
  const { busy, problem, send } = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const body = { name: name.trim(), ...(ttl && { ttl }), ...(user !== me && { user }) }
      const made = await must(api.POST('/v1/api-tokens', { body, headers: { 'Bcm-Request-Id': wish } }))
      await queries.invalidateQueries({ queryKey: keys.all('api-tokens') })
      setToken(made.token)
    })
  }
  if (token) return <Done label={`Speaks for ${user}`} text={token} note="Programs send it as “Authorization: Bearer …”, or have it in BCM_TOKEN." onClose={onClose} />
  return (
    <form className="dialog" onSubmit={submit}>
      <TextInput label="What it is for" placeholder="Optional" value={name} onChange={(event) => setName(event.currentTarget.value)} error={problem?.fields.name} autoComplete="off" data-autofocus />
      <div className="form-row">
        <Select label="Speaks for" data={[...new Set([me, ...users.map((u) => u.value)])]} value={user} onChange={(value) => setUser(value ?? me)} searchable allowDeselect={false} error={problem?.fields.user} />
        <Select label="Good for" data={apiTimes} value={ttl} onChange={(value) => setTTL(value ?? '720h')} allowDeselect={false} error={problem?.fields.ttl} />
      </div>
      <p className="cell-muted">It may do what the user may do. It ends when the user is disabled or removed.</p>
      <FormFoot verb="Create" busy={busy} problem={problem} fields={['name', 'user', 'ttl']} onCancel={onClose} />
    </form>
  )
}
