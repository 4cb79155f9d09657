import { Modal, Radio } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Node, SyncDiff } from '../../api/types'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FormFoot } from '../../components/FormFoot'
import { tell } from '../../components/notify'
import { SyncSteps } from '../../components/SyncSteps'
import { useSend } from '../../components/useSend'

interface Props {
  /** The server; the dialog is open while there is one. */
  node: Node | undefined
  onClose: () => void
}

/** Makes the cluster the master of a server, after saying what that would do. */
export function ManageDialog({ node, onClose }: Props) {
  return (
    <Modal opened={node !== undefined} onClose={onClose} title={`Manage ${node?.name ?? ''}`} size={620}>
      {node && <Body node={node} onClose={onClose} />}
    </Modal>
  )
}

function Body({ node, onClose }: { node: Node; onClose: () => void }) {
  const mayRead = useObstacle('users:read')
  const diff = useQuery({
    queryKey: [...keys.one('sync', node.id), 'diff'],
    queryFn: () => must(api.GET('/v1/sync/{node}/diff', { params: { path: { node: node.id } } })),
    staleTime: 0,
    enabled: mayRead === undefined,
  })
  if (mayRead !== undefined) return <p className="cell-muted">{mayRead}</p>
  if (diff.error) return <ErrorPanel problem={asProblem(diff.error)} onRetry={() => void diff.refetch()} />
  if (!diff.data) return <p className="cell-muted">Working out what it would change…</p>
  return <Choice node={node} diff={diff.data} onClose={onClose} />
}

function Choice({ node, diff, onClose }: { node: Node; diff: SyncDiff; onClose: () => void }) {
  const queries = useQueryClient()
  const [choice, setChoice] = useState(diff.take_over.length === 0 ? 'disable' : '')
  const { busy, problem, send } = useSend()
  const takeOver = choice === 'take-over'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const body = { cluster_mode: 'managed', take_over: takeOver }
      await must(api.PATCH('/v1/nodes/{node}', { params: { path: { node: node.id } }, body, headers: { 'Bcm-Request-Id': wish } }))
      await Promise.all([queries.invalidateQueries({ queryKey: keys.all('nodes') }), queries.invalidateQueries({ queryKey: keys.all('sync') })])
      tell(`${node.name} is managed by the cluster now.`)
      onClose()
    })
  }
  return (
    <form className="dialog" onSubmit={submit}>
      <p>
        From now on users, groups and access lists of {node.name} are those of the cluster. Its clients, tasks, schedules and backups
        stay as they are. Nothing has been changed yet; this is what would be:
      </p>
      {diff.stale && <p className="drawer-reason">The server cannot be reached now. It may be otherwise by the time it can.</p>}
      {diff.take_over.length > 0 && (
        <Radio.Group value={choice} onChange={setChoice} label={`Only the server has ${diff.take_over.map((path) => path.replace('/', ' ')).join(', ')}`}>
          <div className="choices">
            <Radio value="take-over" label="Take them over" description="They become users and groups of the cluster, with what they may do on the server; their passwords there stay." />
            <Radio value="disable" label="Disable them" description="Nobody can log in to the server with them any more. They are not deleted." />
          </div>
        </Radio.Group>
      )}
      {diff.steps.length === 0 ? <p>Nothing differs.</p> : <div className="steps-box"><SyncSteps diff={diff} takeOver={takeOver} brief /></div>}
      <FormFoot verb="Make it managed" busy={busy} disabled={choice === ''} problem={problem} onCancel={onClose} />
    </form>
  )
}

/** Makes a server its own master again. */
export function StandaloneDialog({ node, onClose }: Props) {
  const queries = useQueryClient()
  const confirm = async () => {
    await must(api.PATCH('/v1/nodes/{node}', { params: { path: { node: node!.id } }, body: { cluster_mode: 'standalone' } }))
    await Promise.all([queries.invalidateQueries({ queryKey: keys.all('nodes') }), queries.invalidateQueries({ queryKey: keys.all('sync') })])
    tell(`${node!.name} is its own master again.`)
  }
  return (
    <ConfirmTyped
      opened={node !== undefined}
      onClose={onClose}
      title={`Make ${node?.name ?? ''} standalone?`}
      phrase={node?.name}
      verb="Make it standalone"
      keep="Keep it managed"
      onConfirm={confirm}
    >
      <p>
        It keeps the users, groups and access lists that it has now. Changes in the cluster do not reach it any more: somebody who is
        disabled here can still log in there.
      </p>
    </ConfirmTyped>
  )
}
