import { useQuery } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Choice } from '../../components/FilterBar'

/** Choices are loaded up to this many; the text field finds the rest. */
const most = 200

const query = { sort: 'name', limit: most }

function choices(items: { name: string }[] | undefined): Choice[] {
  return items?.map(({ name }) => ({ value: name, label: name })) ?? []
}

/** The tasks there are. */
export function useTasks() {
  return useQuery({
    queryKey: keys.top('tasks', query),
    queryFn: () => must(api.GET('/v1/tasks', { params: { query } })),
    staleTime: 30_000,
  })
}

export function useTaskNames(): Choice[] {
  return choices(useTasks().data?.items)
}

export function useClientNames(): Choice[] {
  const clients = useQuery({
    queryKey: keys.top('clients', query),
    queryFn: () => must(api.GET('/v1/clients', { params: { query } })),
    staleTime: 30_000,
  })
  return choices(clients.data?.items)
}

/** The nodes that run backups and restores. */
export function useBackupManagers() {
  const running = { ...query, role: ['backup-manager'] }
  return useQuery({
    queryKey: keys.top('nodes', running),
    queryFn: () => must(api.GET('/v1/nodes', { params: { query: running } })),
    staleTime: 30_000,
  })
}

export function useNodeNames(): Choice[] {
  return choices(useBackupManagers().data?.items)
}
