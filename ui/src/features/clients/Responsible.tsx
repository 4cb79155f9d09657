import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { Assignment, Client, Verdict } from '../../api/types'
import { ErrorPanel } from '../../components/ErrorPanel'
import { roleName } from '../../components/format'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, nodeStates } from '../../components/states'
import { Copies } from './columns'
import { useAssignment } from './hooks'

/** The nodes that answer for a client's data, and why these. */
export function Responsible({ client }: { client: Client }) {
  const { data, error, refetch } = useAssignment(client.id)
  const [why, setWhy] = useState(false)
  const assignment = data?.items[0]
  return (
    <div className="responsible">
      {error && <ErrorPanel problem={asProblem(error)} onRetry={() => void refetch()} />}
      {data && !assignment && <p className="cell-muted">Nobody yet: nodes are chosen before its first backup.</p>}
      {assignment && (
        <>
          <Nodes nodes={assignment.nodes} />
          <p>
            Copies of its data: <Copies assignment={assignment} />
          </p>
        </>
      )}
      <div>
        <Button variant="default" onClick={() => setWhy(!why)} aria-expanded={why}>
          {why ? 'Hide why' : 'Why these nodes?'}
        </Button>
      </div>
      {why && <Why client={client} />}
    </div>
  )
}

const meanings: Record<string, string> = {
  preferred: 'runs its backups',
  'stand-in': 'runs them when the other cannot',
  primary: 'is written to',
  copy: 'keeps a copy',
}

function Nodes({ nodes }: { nodes: Assignment['nodes'] }) {
  return (
    <ul className="rows">
      {nodes.map((node) => (
        <li key={node.role + node.node}>
          <Link to="/nodes" search={{ node: node.node }} className="plain-link">
            {node.node}
          </Link>
          <StateBadge look={lookOf(nodeStates, node.status === 'online' && node.mode === 'draining' ? 'draining' : node.status)} />
          <span className="cell-muted">
            {meanings[node.as] ?? node.as}
            {node.complete === true && ', complete'}
            {node.complete === false && <span className="cell-warn">, not complete</span>}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** Verdicts with those that were chosen first, and by role. */
export function sortVerdicts(verdicts: Verdict[]): Verdict[] {
  return [...verdicts].sort((a, b) => a.role.localeCompare(b.role) || Number(b.chosen) - Number(a.chosen) || a.node.localeCompare(b.node))
}

function Why({ client }: { client: Client }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['assignments', 'why', client.id],
    queryFn: () => must(api.POST('/v1/assignments/explain', { body: { client: client.id } })),
    staleTime: 0,
  })
  if (error) return <ErrorPanel problem={asProblem(error)} onRetry={() => void refetch()} />
  if (!data) return <p className="cell-muted">Working it out…</p>
  const verdicts = sortVerdicts(data.nodes)
  return (
    <div className="why">
      {['backup-manager', 'backup-storage'].map((role) => (
        <section key={role} aria-label={roleName(role)}>
          <h3>{roleName(role)}s</h3>
          <ul className="rows">
            {verdicts
              .filter((verdict) => verdict.role === role && verdict.reason !== 'role')
              .map((verdict) => (
                <li key={verdict.node} className={verdict.chosen ? undefined : 'cell-muted'}>
                  <b>{verdict.node}</b>
                  <span>{verdict.chosen ? verdict.as || 'chosen' : 'no'}</span>
                  <span>{verdict.detail}</span>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </div>
  )
}
