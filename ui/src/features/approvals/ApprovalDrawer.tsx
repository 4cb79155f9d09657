import { Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useMe } from '../../api/session'
import type { Approval } from '../../api/types'
import { Action } from '../../components/Action'
import { Ago } from '../../components/Ago'
import { Code, Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { dateTime, sentence } from '../../components/format'
import { ApprovalBadge, person, subject } from './columns'
import type { Verb } from './DecideDialog'

interface Props {
  /** Id; "" when the drawer is closed. */
  approval: string
  onClose: () => void
  onDecide: (verb: Verb, approval: Approval) => void
}

/** One change that needs two people: who asks for what, and what became of it. */
export function ApprovalDrawer({ approval, onClose, onDecide }: Props) {
  const query = useQuery({
    queryKey: keys.one('approvals', approval),
    queryFn: () => must(api.GET('/v1/approvals/{approval}', { params: { path: { approval } } })),
    enabled: approval !== '',
  })
  const data = approval === '' ? undefined : query.data
  return (
    <Drawer opened={approval !== ''} onClose={onClose} size={500} title={<span className="drawer-title">{data && <>{subject(data)} <ApprovalBadge approval={data} /></>}</span>}>
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {data && <Body approval={data} onDecide={onDecide} />}
    </Drawer>
  )
}

/** Why somebody may not grant a change; undefined when nothing stands in the way here. */
export function grantObstacle(approval: Pick<Approval, 'by' | 'status'>, me: string): string | undefined {
  if (approval.status !== 'pending') return 'It does not wait any more.'
  return approval.by === `user:${me}` ? 'You asked for it: another user must grant it.' : undefined
}

function Body({ approval, onDecide }: { approval: Approval } & Pick<Props, 'onDecide'>) {
  const me = useMe().user.name
  const over = approval.status === 'pending' ? undefined : 'It does not wait any more.'
  return (
    <div className="drawer">
      {approval.status === 'pending' && (
        <div className="drawer-actions">
          <Action color="danger" variant="filled" onClick={() => onDecide('grant', approval)} obstacle={grantObstacle(approval, me)}>
            Grant…
          </Action>
          <Action onClick={() => onDecide('deny', approval)} obstacle={over}>
            Deny…
          </Action>
        </div>
      )}
      <p className="drawer-reason">{sentence(approval.reason)}.</p>
      <Details rows={facts(approval)} />
    </div>
  )
}

function facts(approval: Approval): [string, ReactNode][] {
  const rows: [string, ReactNode][] = [
    ['Asked by', person(approval.by)],
    ['Asked', dateTime(approval.created_at)],
    ['What', <code key="action">{approval.action}</code>],
    ['About', <About key="about" approval={approval} />],
  ]
  if (approval.status === 'pending') rows.push(['Expires', <Ago key="until" at={approval.expires_at} />])
  if (approval.decided_by) rows.push(['Decided by', person(approval.decided_by)], ['Decided', dateTime(approval.decided_at)])
  rows.push(['Approval ID', <Code key="id">{approval.id}</Code>])
  return rows
}

function About({ approval }: { approval: Approval }) {
  const { kind, id } = approval.object
  if (kind === 'backups') {
    return (
      <Link to="/backups/$id" params={{ id }} className="plain-link">
        {subject(approval)}
      </Link>
    )
  }
  return <>{subject(approval)}</>
}
