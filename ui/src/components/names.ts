import { useQuery } from '@tanstack/react-query'
import { api, must } from '../api/client'
import { keys } from '../api/queries'
import type { Choice } from './FilterBar'

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

/** The clients there are. */
export function useClients() {
  return useQuery({
    queryKey: keys.top('clients', query),
    queryFn: () => must(api.GET('/v1/clients', { params: { query } })),
    staleTime: 30_000,
  })
}

export function useClientNames(): Choice[] {
  return choices(useClients().data?.items)
}

/** The schedules there are. Their next slots move on by themselves. */
export function useSchedules() {
  return useQuery({
    queryKey: keys.top('schedules', query),
    queryFn: () => must(api.GET('/v1/schedules', { params: { query } })),
    refetchInterval: 60_000,
  })
}

export function useScheduleNames(): Choice[] {
  return choices(useSchedules().data?.items)
}

/** The repositories there are. */
export function useRepositoryNames(): Choice[] {
  const found = useQuery({
    queryKey: keys.top('repositories', query),
    queryFn: () => must(api.GET('/v1/repositories', { params: { query } })),
    staleTime: 30_000,
  })
  return choices(found.data?.items)
}

function useNodesOf(role: string) {
  const those = { ...query, role: [role] }
  return useQuery({
    queryKey: keys.top('nodes', those),
    queryFn: () => must(api.GET('/v1/nodes', { params: { query: those } })),
    staleTime: 30_000,
  })
}

/** The nodes that run backups and restores. */
export function useBackupManagers() {
  return useNodesOf('backup-manager')
}

/** The nodes that keep data, with their capacity. */
export function useStorages() {
  return useNodesOf('backup-storage')
}

/** The agents through which SEP sesam servers may be reached. The servers themselves have that role too. */
export function useSesamAgents(): Choice[] {
  return choices(useNodesOf('sesam-server').data?.items.filter((node) => !node.server))
}

export function useNodeNames(): Choice[] {
  return choices(useBackupManagers().data?.items)
}

export function useStorageNames(): Choice[] {
  return choices(useStorages().data?.items)
}

/** The users there are, for those who may see them. */
export function useUserNames(enabled: boolean): Choice[] {
  const users = useQuery({
    queryKey: keys.top('users', query),
    queryFn: () => must(api.GET('/v1/users', { params: { query } })),
    staleTime: 60_000,
    enabled,
  })
  return choices(users.data?.items)
}

/** The groups there are, for those who may see them. */
export function useGroupNames(enabled: boolean): Choice[] {
  const groups = useQuery({
    queryKey: keys.top('groups', query),
    queryFn: () => must(api.GET('/v1/groups', { params: { query } })),
    staleTime: 60_000,
    enabled,
  })
  return choices(groups.data?.items)
}
