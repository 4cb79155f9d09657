import { MultiSelect } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../api/client'
import { asProblem } from '../api/problem'
import { keys } from '../api/queries'
import { useObstacle } from '../api/session'
import type { ACL } from '../api/types'
import { Action } from './Action'
import { ConfirmTyped } from './ConfirmTyped'
import { ErrorPanel } from './ErrorPanel'
import { FormFoot } from './FormFoot'
import { MayWho } from './MayWho'
import { useGroupNames, useUserNames } from './names'
import { tell } from './notify'
import { useSend } from './useSend'

export type Guarded = 'clients' | 'tasks' | 'repositories'

interface Props {
  kind: Guarded
  object: { id: string; name: string }
  /** The right that is asked about first. */
  right: string
}

/** So many access lists of a kind are read at once; beyond, the one is asked for. */
const most = 1000

/** The access list of an object; null when it has none, which is the rule. */
async function accessOf(kind: Guarded, object: Props['object']): Promise<ACL | null> {
  const lists = await must(api.GET('/v1/acls', { params: { query: { kind: [kind], limit: most } } }))
  const found = lists.items.find((acl) => acl.object === object.name)
  if (found || lists.total <= lists.items.length) return found ?? null
  try {
    return await must(api.GET('/v1/acls/{kind}/{object}', { params: { path: { kind, object: object.id } } }))
  } catch (thrown) {
    if (asProblem(thrown).status === 404) return null
    throw thrown
  }
}

/** Who may deal with an object, and a way to change and to question that. */
export function AccessList({ kind, object, right }: Props) {
  const mayRead = useObstacle('groups:read')
  const mayWrite = useObstacle('groups:write')
  const [open, setOpen] = useState<'edit' | 'remove'>()
  const acl = useQuery({
    queryKey: keys.one('acls', `${kind}/${object.id}`),
    queryFn: () => accessOf(kind, object),
    enabled: mayRead === undefined,
  })
  if (mayRead !== undefined) return <Frame>{<p className="cell-muted">{mayRead}</p>}</Frame>
  if (acl.error) return <Frame>{<ErrorPanel problem={asProblem(acl.error)} onRetry={() => void acl.refetch()} />}</Frame>
  if (acl.data === undefined) return <Frame>{<p className="cell-muted">Loading…</p>}</Frame>
  const list = acl.data
  const close = () => setOpen(undefined)
  return (
    <Frame>
      <p>{accessWords(list)}</p>
      {open === 'edit' ? (
        <Edit kind={kind} object={object} acl={list} onDone={close} />
      ) : (
        <div className="drawer-actions">
          <Action onClick={() => setOpen('edit')} obstacle={mayWrite}>
            {list ? 'Change the list' : 'Limit access'}
          </Action>
          {list && (
            <Action variant="subtle" color="danger" onClick={() => setOpen('remove')} obstacle={mayWrite}>
              Open to all…
            </Action>
          )}
        </div>
      )}
      <MayWho object={`${kind}/${object.name}`} right={right} />
      <OpenDialog kind={kind} object={object} opened={open === 'remove'} onClose={close} />
    </Frame>
  )
}

function Frame({ children }: { children: React.ReactNode }) {
  return (
    <section className="access" aria-label="Access">
      <h2>Access</h2>
      {children}
    </section>
  )
}

/** What an access list says, in a sentence. */
export function accessWords(acl: Pick<ACL, 'users' | 'groups'> | null): string {
  if (!acl) return 'Open: everybody whose groups give a right has it here.'
  const who = [...acl.groups.map((group) => `group ${group}`), ...acl.users]
  return who.length === 0 ? 'Nobody but those above all lists.' : `Only ${who.join(', ')}, with the rights that their groups give them.`
}

function Edit({ kind, object, acl, onDone }: Pick<Props, 'kind' | 'object'> & { acl: ACL | null; onDone: () => void }) {
  const queries = useQueryClient()
  const [users, setUsers] = useState(acl?.users ?? [])
  const [groups, setGroups] = useState(acl?.groups ?? [])
  const mayUsers = useObstacle('users:read') === undefined
  const userNames = useUserNames(mayUsers)
  const groupNames = useGroupNames(true)
  const { busy, problem, send } = useSend()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const params = { path: { kind, object: object.id } }
      await must(api.PUT('/v1/acls/{kind}/{object}', { params, body: { users, groups }, headers: { 'Bcm-Request-Id': wish } }))
      await queries.invalidateQueries({ queryKey: keys.all('acls') })
      tell(`Access to ${object.name} changed.`)
      onDone()
    })
  }
  return (
    <form className="dialog drawer-form" onSubmit={submit}>
      <MultiSelect label="Groups" data={groupNames.map((g) => g.value)} value={groups} onChange={setGroups} error={problem?.fields.groups} searchable hidePickedOptions />
      <MultiSelect label="Users" data={[...new Set([...userNames.map((u) => u.value), ...users])]} value={users} onChange={setUsers} error={problem?.fields.users} searchable hidePickedOptions />
      <p className="cell-muted">All others are shut out, whatever their groups give them. The rights of those on the list do not grow.</p>
      <FormFoot verb="Save" busy={busy} disabled={users.length + groups.length === 0} problem={problem} fields={['groups', 'users']} onCancel={onDone} />
    </form>
  )
}

function OpenDialog({ kind, object, opened, onClose }: Pick<Props, 'kind' | 'object'> & { opened: boolean; onClose: () => void }) {
  const queries = useQueryClient()
  const confirm = async () => {
    await must(api.DELETE('/v1/acls/{kind}/{object}', { params: { path: { kind, object: object.id } } }))
    await queries.invalidateQueries({ queryKey: keys.all('acls') })
    tell(`${object.name} is open to all who have the right.`)
  }
  return (
    <ConfirmTyped opened={opened} onClose={onClose} title={`Open ${object.name} to all?`} verb="Remove the list" keep="Keep it" onConfirm={confirm}>
      <p>Everybody whose groups give a right has it here again.</p>
    </ConfirmTyped>
  )
}
