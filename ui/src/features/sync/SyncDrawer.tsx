import { Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { SyncState } from '../../api/types'
import { Action } from '../../components/Action'
import { Ago } from '../../components/Ago'
import { Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { count, dateTime, sentence } from '../../components/format'
import { SyncSteps } from '../../components/SyncSteps'
import { diffWords } from '../../components/sync'
import { revisionWords, SyncBadge } from './columns'

interface Props {
  /** Name of the server; "" when the drawer is closed. */
  server: string
  state: SyncState | undefined
  onClose: () => void
  onRun: (server: string) => void
}

/** How far one server is in step, and what it differs in, field by field. */
export function SyncDrawer({ server, state, onClose, onRun }: Props) {
  return (
    <Drawer opened={server !== ''} onClose={onClose} size={620} title={<span className="drawer-title">{server} {state && <SyncBadge state={state} />}</span>}>
      {server !== '' && <Body server={server} state={state} onRun={onRun} />}
    </Drawer>
  )
}

function Body({ server, state, onRun }: Omit<Props, 'onClose'>) {
  const mayRun = useObstacle('users:write')
  const managed = state?.cluster_mode === 'managed'
  return (
    <div className="drawer">
      <div className="drawer-actions">
        <Action variant="filled" onClick={() => onRun(server)} obstacle={managed ? mayRun : 'It is its own master; it is made managed in its drawer, in the list of nodes.'}>
          Bring in step now
        </Action>
        <Link to="/nodes" search={{ node: server }} className="drawer-link">
          The server
        </Link>
        <Link to="/nodes/$name/objects" params={{ name: server }} search={{}} className="drawer-link">
          Its objects
        </Link>
      </div>
      {state?.error && <p className="drawer-reason">{state.error}</p>}
      {state && (
        <Details
          rows={[
            ['Mode', sentence(state.cluster_mode)],
            ['Revision', managed ? `${revisionWords(state)}${state.reached_at ? `, reached at ${dateTime(state.reached_at)}` : ''}` : '–'],
            ['Waiting passwords', state.waiting_passwords > 0 ? `${count(state.waiting_passwords)}: users whose new password the server does not have yet` : 'none'],
            ...(state.retry_at ? [['Tried again', <Ago key="again" at={state.retry_at} />] as [string, React.ReactNode]] : []),
          ]}
        />
      )}
      <h2>{managed ? 'What differs' : 'What would be done if it became managed'}</h2>
      <Diff server={server} index={state?.index} />
    </div>
  )
}

function Diff({ server, index }: { server: string; index: number | undefined }) {
  const mayRead = useObstacle('users:read')
  const diff = useQuery({
    queryKey: [...keys.one('sync', server), 'diff', index],
    queryFn: () => must(api.GET('/v1/sync/{node}/diff', { params: { path: { node: server } } })),
    placeholderData: (before) => before,
    refetchInterval: 5000,
    enabled: mayRead === undefined,
  })
  if (mayRead !== undefined) return <p className="cell-muted">{mayRead}</p>
  if (diff.error) return <ErrorPanel problem={asProblem(diff.error)} onRetry={() => void diff.refetch()} />
  if (!diff.data) return <p className="cell-muted">Comparing…</p>
  return (
    <>
      {diff.data.stale && <p className="drawer-reason">The server cannot be reached: it may be otherwise by now.</p>}
      {diff.data.steps.length === 0 ? <p className="drawer-note">Nothing differs.</p> : <p className="cell-muted">{sentence(diffWords(diff.data))}.</p>}
      <SyncSteps diff={diff.data} />
    </>
  )
}
