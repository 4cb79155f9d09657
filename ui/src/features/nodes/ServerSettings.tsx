import { Checkbox, PasswordInput, Select, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Node, SesamServer } from '../../api/types'
import { FormFoot } from '../../components/FormFoot'
import { useSesamAgents } from '../../components/names'
import { tell } from '../../components/notify'
import { useSend } from '../../components/useSend'
import { addressOf } from './certificate'

export const policies = [
  { value: 'repair', label: 'Repair', says: 'made again as the cluster wants it' },
  { value: 'report', label: 'Report', says: 'shown, and left to a person' },
  { value: 'adopt', label: 'Adopt', says: 'taken over by the cluster' },
] as const

export function policyWords(policy: string): string {
  const known = policies.find(({ value }) => value === policy)
  return known ? `${known.label}: what differs is ${known.says}` : policy
}

/** What is typed of the settings of a server. */
export interface Typed {
  drift_policy: string
  passthrough: boolean
  address: string
  user: string
  password: string
  via: string
}

export function typedOf(server: SesamServer): Typed {
  const { drift_policy, passthrough, address, user, via } = server
  return { drift_policy, passthrough, address, user, via, password: '' }
}

/** Only what was changed. */
export function changed(before: Typed, typed: Typed): Partial<Typed> {
  const now: Typed = { ...typed, address: addressOf(typed.address), user: typed.user.trim() }
  return Object.fromEntries(Object.entries(now).filter(([field, value]) => value !== before[field as keyof Typed]))
}

const fields = ['address', 'user', 'password', 'via', 'drift_policy'] as const

/** How a server is entered, and what becomes of what differs on it. */
export function ServerSettings({ node, server, onDone }: { node: Node; server: SesamServer; onDone: () => void }) {
  const queries = useQueryClient()
  const agents = useSesamAgents()
  const [typed, setTyped] = useState(() => typedOf(server))
  const { busy, problem, send } = useSend()
  const body = changed(typedOf(server), typed)
  const set = (change: Partial<Typed>) => setTyped({ ...typed, ...change })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      await must(api.PATCH('/v1/nodes/{node}', { params: { path: { node: node.id } }, body, headers: { 'Bcm-Request-Id': wish } }))
      await queries.invalidateQueries({ queryKey: keys.all('nodes') })
      tell(`Settings of ${node.name} changed.`)
      onDone()
    })
  }
  const text = (field: 'address' | 'user' | 'password') => ({
    value: typed[field],
    onChange: (event: { currentTarget: { value: string } }) => set({ [field]: event.currentTarget.value }),
    error: problem?.fields[field],
    spellCheck: false,
  })
  return (
    <form className="dialog drawer-form" onSubmit={submit} noValidate>
      <Select
        label="What differs though the cluster has not changed"
        data={policies.map(({ value, label, says }) => ({ value, label: `${label}: ${says}` }))}
        value={typed.drift_policy}
        onChange={(value) => set({ drift_policy: value ?? typed.drift_policy })}
        error={problem?.fields.drift_policy}
        allowDeselect={false}
      />
      <TextInput label="Address" autoComplete="off" {...text('address')} />
      <div className="form-row">
        <TextInput label="Account" autoComplete="off" {...text('user')} />
        <PasswordInput label="New password" placeholder="As it is" autoComplete="new-password" visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }} {...text('password')} />
      </div>
      <Select
        label="Reached through"
        placeholder="Any manager"
        data={[...new Set([...agents.map((agent) => agent.value), ...(server.via ? [server.via] : [])])]}
        value={typed.via || null}
        onChange={(value) => set({ via: value ?? '' })}
        error={problem?.fields.via}
        clearable
        clearButtonProps={{ 'aria-label': 'Any manager' }}
      />
      <Checkbox size="xs" label="Its own clients may reach it through the cluster" checked={typed.passthrough} onChange={(event) => set({ passthrough: event.currentTarget.checked })} />
      <FormFoot verb="Save" busy={busy} disabled={Object.keys(body).length === 0} problem={problem} fields={fields} onCancel={onDone} />
    </form>
  )
}
