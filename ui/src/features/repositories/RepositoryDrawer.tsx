import { Drawer } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Repository } from '../../api/types'
import { AccessList } from '../../components/AccessList'
import { Action } from '../../components/Action'
import { Code, Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { bytes } from '../../components/format'
import { tell, tellProblem } from '../../components/notify'
import { FullIn, RepositoryBadge, Used } from './columns'
import { Copies } from './Copies'
import { QuotaForm } from './QuotaForm'
import { Work } from './Work'

/** One repository beside the list. */
export function RepositoryDrawer({ repository, onClose }: { repository: string; onClose: () => void }) {
  const query = useQuery({
    queryKey: keys.one('repositories', repository),
    queryFn: () => must(api.GET('/v1/repositories/{repository}', { params: { path: { repository } } })),
    enabled: repository !== '',
    refetchInterval: 10_000,
  })
  const data = repository === '' ? undefined : query.data
  return (
    <Drawer
      opened={repository !== ''}
      onClose={onClose}
      size={560}
      title={
        <span className="drawer-title">
          {data?.name ?? repository} {data && <RepositoryBadge repository={data} />}
        </span>
      }
    >
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {data && <Body key={data.id} repository={data} />}
    </Drawer>
  )
}

function Body({ repository }: { repository: Repository }) {
  const mayWrite = useObstacle('data:write')
  const mayRun = useObstacle('backups:run')
  const queries = useQueryClient()
  const [editing, setEditing] = useState(false)
  const verify = async () => {
    try {
      await must(api.POST('/v1/repositories/{repository}/verify', { params: { path: { repository: repository.id } } }))
      tell('All of it is read again; backups that have damage are named when it ends.')
      await Promise.all([queries.invalidateQueries({ queryKey: keys.all('jobs') }), queries.invalidateQueries({ queryKey: keys.all('verifications') })])
    } catch (thrown) {
      tellProblem('It was not begun', thrown)
    }
  }
  return (
    <div className="drawer">
      <div className="drawer-actions">
        <Action onClick={() => setEditing(true)} obstacle={mayWrite}>
          Change quota
        </Action>
        <Action onClick={() => void verify()} obstacle={mayRun ?? (repository.copies.length === 0 ? 'Nothing is stored yet.' : undefined)}>
          Verify all of it
        </Action>
      </div>
      {editing && <QuotaForm repository={repository} onDone={() => setEditing(false)} />}
      <Details rows={facts(repository)} />
      <h2>Copies</h2>
      <Copies repository={repository} />
      <h2>Work on it</h2>
      <Work repository={repository} />
      <AccessList kind="repositories" object={repository} right="data:read" />
    </div>
  )
}

function facts(repository: Repository): [string, ReactNode][] {
  return [
    ['Used', <Used key="used" repository={repository} />],
    ['Quota', repository.quota > 0 ? `${bytes(repository.quota)} on each storage` : 'none'],
    ['Room', <FullIn key="full" repository={repository} />],
    [
      'Clients',
      <span key="clients" className="links">
        {repository.clients.map((client) => (
          <Link key={client} to="/clients" search={{ client }} className="plain-link">
            {client}
          </Link>
        ))}
        {repository.clients.length === 0 && 'none any more'}
      </span>,
    ],
    ['Repository ID', <Code key="id">{repository.id}</Code>],
  ]
}
