import { Button, Drawer, MultiSelect, PasswordInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { User } from '../../api/types'
import { Action } from '../../components/Action'
import { Code, Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { EventList } from '../../components/EventList'
import { dateTime } from '../../components/format'
import { tell } from '../../components/notify'
import { originName, UserBadge } from './columns'
import { useGroups, useSetEnabled } from './hooks'

interface Props {
  /** Name or id; "" when the drawer is closed. */
  user: string
  onClose: () => void
  onRemove: (user: User) => void
}

/** One user beside the list: what there is to know and to change. */
export function UserDrawer({ user, onClose, onRemove }: Props) {
  const query = useQuery({
    queryKey: keys.one('users', user),
    queryFn: () => must(api.GET('/v1/users/{user}', { params: { path: { user } } })),
    enabled: user !== '',
  })
  const data = user === '' ? undefined : query.data
  return (
    <Drawer
      opened={user !== ''}
      onClose={onClose}
      size={470}
      title={
        <span className="drawer-title">
          {data?.name ?? user} {data && <UserBadge user={data} />}
        </span>
      }
    >
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {data && <Body key={data.id} user={data} onRemove={onRemove} />}
    </Drawer>
  )
}

function Body({ user, onRemove }: { user: User; onRemove: (user: User) => void }) {
  const obstacle = useObstacle('users:write')
  const setEnabled = useSetEnabled()
  const [editing, setEditing] = useState<'groups' | 'password'>()
  const done = () => setEditing(undefined)
  return (
    <div className="drawer">
      <div className="drawer-actions">
        <Action onClick={() => void setEnabled([user], !user.enabled)} obstacle={obstacle}>
          {user.enabled ? 'Disable' : 'Enable'}
        </Action>
        <Action onClick={() => setEditing('groups')} obstacle={obstacle}>
          Change groups
        </Action>
        <Action onClick={() => setEditing('password')} obstacle={obstacle}>
          Set password
        </Action>
        <Action variant="subtle" color="danger" onClick={() => onRemove(user)} obstacle={obstacle}>
          Remove…
        </Action>
      </div>
      {editing === 'groups' && <Groups user={user} onDone={done} />}
      {editing === 'password' && <Password user={user} onDone={done} />}
      <Details
        rows={[
          ['User ID', <Code key="id">{user.id}</Code>],
          ['Full name', user.full_name || '–'],
          ['Groups', user.groups.join(', ') || 'none'],
          ['Origin', originName(user.origin)],
          ['Created', dateTime(user.created_at)],
          ['Changed', dateTime(user.updated_at)],
        ]}
      />
      <h2>Live events</h2>
      <Events user={user} />
    </div>
  )
}

interface EditProps {
  user: User
  onDone: () => void
}

type Change = { groups?: string[]; password?: string }

/** Sends a change of the user; the state of the form around it. */
function useChange({ user, onDone }: EditProps, done: string) {
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const send = async (event: FormEvent, body: Change) => {
    event.preventDefault()
    setBusy(true)
    setProblem(undefined)
    try {
      await must(api.PATCH('/v1/users/{user}', { params: { path: { user: user.id } }, body }))
      await queries.invalidateQueries({ queryKey: keys.all('users') })
      tell(done)
      onDone()
    } catch (thrown) {
      setProblem(asProblem(thrown))
      setBusy(false)
    }
  }
  return { busy, problem, send }
}

function Groups(props: EditProps) {
  const groups = useGroups()
  const [values, setValues] = useState(props.user.groups)
  const { busy, problem, send } = useChange(props, `Groups of ${props.user.name} changed.`)
  return (
    <form className="dialog drawer-form" onSubmit={(event) => void send(event, { groups: values })}>
      <MultiSelect label="Groups" data={groups.map((group) => group.name)} value={values} onChange={setValues} searchable hidePickedOptions />
      {problem && <ErrorPanel problem={problem} />}
      <Buttons busy={busy} onCancel={props.onDone} />
    </form>
  )
}

function Password(props: EditProps) {
  const [password, setPassword] = useState('')
  const { busy, problem, send } = useChange(props, `Password of ${props.user.name} set.`)
  return (
    <form className="dialog drawer-form" onSubmit={(event) => void send(event, { password })}>
      <PasswordInput
        label="New password"
        description="At least 12 characters. The user's sessions end."
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={problem?.fields.password}
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        data-autofocus
      />
      {problem && !problem.fields.password && <ErrorPanel problem={problem} />}
      <Buttons busy={busy} disabled={password === ''} onCancel={props.onDone} />
    </form>
  )
}

function Buttons({ busy, disabled, onCancel }: { busy: boolean; disabled?: boolean; onCancel: () => void }) {
  return (
    <div className="dialog-buttons">
      <Button variant="default" onClick={onCancel}>
        Cancel
      </Button>
      <Button type="submit" loading={busy} disabled={disabled}>
        Save
      </Button>
    </div>
  )
}

function Events({ user }: { user: User }) {
  const may = useObstacle('events:read')
  const query = { object: [user.id], sort: '-created_at', limit: 20 }
  const events = useQuery({
    queryKey: keys.top('events', query),
    queryFn: () => must(api.GET('/v1/events', { params: { query } })),
    enabled: may === undefined,
  })
  if (may !== undefined) return <p className="cell-muted">{may}</p>
  if (events.error) return <ErrorPanel problem={asProblem(events.error)} onRetry={() => void events.refetch()} />
  return <EventList events={events.data?.items ?? []} loading={events.isPending} />
}
