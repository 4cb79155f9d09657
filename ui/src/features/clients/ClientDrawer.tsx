import { Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Client } from '../../api/types'
import { AccessList } from '../../components/AccessList'
import { Action } from '../../components/Action'
import { Code, Details } from '../../components/Details'
import { ErrorPanel } from '../../components/ErrorPanel'
import { plural } from '../../components/format'
import { Responsible } from './Responsible'

interface Props {
  /** Name or id; "" when the drawer is closed. */
  client: string
  onClose: () => void
  onEdit: (client: Client) => void
  onRemove: (client: Client) => void
}

/** One client by name or id. */
export function useClient(client: string) {
  return useQuery({
    queryKey: keys.one('clients', client),
    queryFn: () => must(api.GET('/v1/clients/{client}', { params: { path: { client } } })),
    enabled: client !== '' && client !== '?',
  })
}

/** One client beside the list: what it has, and who answers for it. */
export function ClientDrawer({ client, onClose, onEdit, onRemove }: Props) {
  const query = useClient(client)
  const data = client === '' ? undefined : query.data
  return (
    <Drawer opened={client !== ''} onClose={onClose} size={540} title={<span className="drawer-title">{data?.name ?? client}</span>}>
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {data && <Body key={data.id} client={data} onEdit={onEdit} onRemove={onRemove} />}
    </Drawer>
  )
}

function Body({ client, onEdit, onRemove }: { client: Client } & Pick<Props, 'onEdit' | 'onRemove'>) {
  const mayWrite = useObstacle('data:write')
  return (
    <div className="drawer">
      <div className="drawer-actions">
        <Action onClick={() => onEdit(client)} obstacle={mayWrite}>
          Change
        </Action>
        <Action variant="subtle" color="danger" onClick={() => onRemove(client)} obstacle={mayWrite}>
          Remove…
        </Action>
        <Link to="/find" search={{ client: client.name }} className="drawer-link">
          Find a file
        </Link>
        <Link to="/backups" search={{ client: client.name }} className="drawer-link">
          Its backups
        </Link>
      </div>
      <Details rows={facts(client)} />
      <h2>Who answers for it</h2>
      <Responsible client={client} />
      <h2>Tasks</h2>
      <Tasks client={client} />
      <AccessList kind="clients" object={client} right="backups:restore" />
    </div>
  )
}

function placeWords(place: Client['placement']['managers']): string {
  const labels = Object.entries(place.labels).map(([key, value]) => `${key}=${value}`)
  return [...place.sites.map((site) => `at ${site}`), ...labels].join(', ') || 'anywhere'
}

function facts(client: Client): [string, ReactNode][] {
  const { placement } = client
  const rows: [string, ReactNode][] = [
    ['Address', client.address ? <Code key="address">{client.address}</Code> : '–'],
    ['Repository', <Link key="repository" to="/repositories" search={{ repository: client.repository }} className="plain-link">{client.repository}</Link>],
    ['Copies wanted', String(client.copies)],
    ['At once', client.parallel > 0 ? plural(client.parallel, 'backup') : 'as many as there are'],
    ['Backed up', placeWords(placement.managers)],
    ['Kept', placeWords(placement.storages)],
  ]
  if (placement.spread) rows.push(['Copies differ in', placement.spread.replace(/^label:/, 'the label ')])
  const labels = Object.entries(client.labels)
  if (labels.length > 0) rows.push(['Labels', labels.map(([key, value]) => `${key}=${value}`).join(', ')])
  rows.push(['Client ID', <Code key="id">{client.id}</Code>])
  return rows
}

function Tasks({ client }: { client: Client }) {
  const query = { client: [client.id], sort: 'name', limit: 50 }
  const { data, error, refetch } = useQuery({
    queryKey: keys.top('tasks', query),
    queryFn: () => must(api.GET('/v1/tasks', { params: { query } })),
  })
  if (error) return <ErrorPanel problem={asProblem(error)} onRetry={() => void refetch()} />
  if (!data) return <p className="cell-muted">Loading…</p>
  if (data.total === 0) return <p className="cell-muted">Nothing of it is backed up: it has no task.</p>
  return (
    <p className="links">
      {data.items.map((task) => (
        <Link key={task.id} to="/tasks" search={{ task: task.name }} className={task.enabled ? 'plain-link' : 'plain-link cell-muted'}>
          {task.name}
        </Link>
      ))}
      {data.total > data.items.length && <span className="cell-muted">and {plural(data.total - data.items.length, 'other')}</span>}
    </p>
  )
}
