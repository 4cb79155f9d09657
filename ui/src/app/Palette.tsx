import { Spotlight } from '@mantine/spotlight'
import { useDebouncedValue } from '@mantine/hooks'
import { Highlight } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Icon } from '@tabler/icons-react'
import { api, must } from '../api/client'
import { lookOf, runStates } from '../components/states'
import {
  IconAlerts,
  IconApprovals,
  IconAudit,
  IconBackups,
  IconCertificates,
  IconClients,
  IconDrills,
  IconFind,
  IconGroups,
  IconManager,
  IconNodes,
  IconOverview,
  IconRepositories,
  IconRestores,
  IconSchedules,
  IconSearch,
  IconSettings,
  IconSync,
  IconTasks,
  IconTokens,
  IconUser,
  IconUsers,
} from '../components/icons'

interface Hit {
  id: string
  label: string
  note: string
  icon: Icon
  go: () => void
}

interface Group {
  title: string
  hits: Hit[]
}

const places = [
  { to: '/', label: 'Overview', note: 'The whole grid at a glance', icon: IconOverview },
  { to: '/nodes', label: 'Nodes', note: 'Everything that is part of the grid', icon: IconNodes },
  { to: '/backups', label: 'Backups', note: 'Running, finished and failed', icon: IconBackups },
  { to: '/tasks', label: 'Tasks', note: 'What is backed up', icon: IconTasks },
  { to: '/schedules', label: 'Schedules', note: 'When tasks start by themselves', icon: IconSchedules },
  { to: '/clients', label: 'Clients', note: 'Whose data is protected', icon: IconClients },
  { to: '/repositories', label: 'Repositories', note: 'Where data is kept, and its copies', icon: IconRepositories },
  { to: '/find', label: 'Find a file', note: 'By its name, in all backups of a client', icon: IconFind },
  { to: '/restores', label: 'Restores', note: 'What is brought back', icon: IconRestores },
  { to: '/drills', label: 'Restore drills', note: 'What was proved, and when', icon: IconDrills },
  { to: '/users', label: 'Users', note: 'Who may log in', icon: IconUsers },
  { to: '/approvals', label: 'Approvals', note: 'Changes that need two people', icon: IconApprovals },
  { to: '/groups', label: 'Groups & rights', note: 'What each group gives', icon: IconGroups },
  { to: '/tokens', label: 'Tokens', note: 'By which nodes join, and programs log in', icon: IconTokens },
  { to: '/alerts', label: 'Alerts', note: 'What is wrong now', icon: IconAlerts },
  { to: '/cluster', label: 'Cluster', note: 'The managers, and who leads', icon: IconManager },
  { to: '/certificates', label: 'Certificates', note: 'By which members know each other', icon: IconCertificates },
  { to: '/audit', label: 'Audit log', note: 'Who did what, and when', icon: IconAudit },
  { to: '/settings', label: 'Settings', note: 'What holds for the whole cluster; your password', icon: IconSettings },
  { to: '/sync', label: 'Synchronisation', note: 'How far SEP sesam servers are in step', icon: IconSync },
] as const

/** Asks the server for whatever has the text in it, of each noun a few. */
async function search(q: string) {
  const query = { q, limit: 6 }
  const [nodes, tasks, clients, backups, users] = await Promise.allSettled([
    must(api.GET('/v1/nodes', { params: { query } })),
    must(api.GET('/v1/tasks', { params: { query } })),
    must(api.GET('/v1/clients', { params: { query } })),
    must(api.GET('/v1/backups', { params: { query } })),
    must(api.GET('/v1/users', { params: { query } })),
  ])
  const items = <T,>(result: PromiseSettledResult<{ items: T[] }>) => (result.status === 'fulfilled' ? result.value.items : [])
  return { nodes: items(nodes), tasks: items(tasks), clients: items(clients), backups: items(backups), users: items(users) }
}

/** The pages there are, and what was found for the text. */
function useGroups(text: string): Group[] {
  const navigate = useNavigate()
  const found = useQuery({
    queryKey: ['palette', text],
    queryFn: () => search(text),
    enabled: text !== '',
    placeholderData: keepPreviousData,
    retry: false,
  }).data
  const pages: Hit[] = places.map(({ to, ...place }) => ({ ...place, id: to, go: () => void navigate({ to }) }))
  const shown = pages.filter((page) => page.label.toLowerCase().includes(text.toLowerCase()))
  if (text === '' || !found) return [{ title: 'Pages', hits: shown }]
  const groups: Group[] = [
    { title: 'Pages', hits: shown },
    {
      title: 'Nodes',
      hits: found.nodes.map((n) => ({
        id: n.id,
        label: n.name,
        note: n.address || n.id,
        icon: IconNodes,
        go: () => void navigate({ to: '/nodes', search: { node: n.name } }),
      })),
    },
    {
      title: 'Tasks',
      hits: found.tasks.map((t) => ({
        id: t.id,
        label: t.name,
        note: t.client,
        icon: IconTasks,
        go: () => void navigate({ to: '/tasks', search: { task: t.name } }),
      })),
    },
    {
      title: 'Clients',
      hits: found.clients.map((c) => ({
        id: c.id,
        label: c.name,
        note: c.address || c.id,
        icon: IconClients,
        go: () => void navigate({ to: '/clients', search: { client: c.name } }),
      })),
    },
    {
      title: 'Backups',
      hits: found.backups.map((b) => ({
        id: b.id,
        label: `${b.task || b.client}, ${lookOf(runStates, b.status).word.toLowerCase()}`,
        note: b.id,
        icon: IconBackups,
        go: () => void navigate({ to: '/backups/$id', params: { id: b.id } }),
      })),
    },
    {
      title: 'Users',
      hits: found.users.map((u) => ({
        id: u.id,
        label: u.name,
        note: u.full_name || u.id,
        icon: IconUser,
        go: () => void navigate({ to: '/users', search: { user: u.name } }),
      })),
    },
  ]
  return groups.filter((group) => group.hits.length > 0)
}

/** Search over everything, from anywhere: Ctrl K. */
export function Palette() {
  const [typed, setTyped] = useState('')
  const [text] = useDebouncedValue(typed.trim(), 150)
  const groups = useGroups(text)
  return (
    <Spotlight.Root
      query={typed}
      onQueryChange={setTyped}
      shortcut="mod + K"
      scrollable
      maxHeight={560}
      size={600}
      centered={false}
      yOffset={80}
      attributes={{ content: { 'aria-label': 'Search' } }}
      classNames={{ content: 'palette' }}
    >
      <Spotlight.Search placeholder="Search or jump to…" aria-label="Search" leftSection={<IconSearch size={18} />} />
      <Spotlight.ActionsList aria-label="Results">
        {groups.map((group) => (
          <Spotlight.ActionsGroup key={group.title} label={group.title}>
            {group.hits.map((hit) => (
              <Spotlight.Action key={hit.id} onClick={hit.go}>
                <span className="hit">
                  <hit.icon size={18} stroke={1.6} aria-hidden="true" />
                  <span>
                    <Highlight component="span" className="hit-label" highlight={text}>
                      {hit.label}
                    </Highlight>
                    <span className="hit-note">{hit.note}</span>
                  </span>
                </span>
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {groups.length === 0 && <Spotlight.Empty>Nothing has “{text}” in it.</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}
