import { useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Group, Page, User } from '../../api/types'
import { plural } from '../../components/format'
import { each } from '../../components/notify'

const query = { sort: 'name', limit: 200 }
const none: Group[] = []

/** The groups that a user may be in. */
export function useGroups(): Group[] {
  const groups = useQuery({
    queryKey: keys.top('groups', query),
    queryFn: () => must(api.GET('/v1/groups', { params: { query } })),
    staleTime: 60_000,
  })
  return groups.data?.items ?? none
}

/**
 * Lets users log in, or not. It shows at once and goes back when the server
 * refuses. The ids of those that were refused are returned.
 */
export function useSetEnabled() {
  const client = useQueryClient()
  return async (users: User[], enabled: boolean): Promise<string[]> => {
    const ids = users.filter((user) => user.enabled !== enabled).map((user) => user.id)
    const show = (on: boolean, which: string[]) => {
      const change = (user: User) => (which.includes(user.id) ? { ...user, enabled: on } : user)
      client.setQueriesData<InfiniteData<Page<User>>>({ queryKey: ['users', 'list'] }, (data) =>
        data && { ...data, pages: data.pages.map((page) => ({ ...page, items: page.items.map(change) })) },
      )
      client.setQueriesData<User>({ queryKey: ['users', 'one'] }, (user) => user && change(user))
    }
    show(enabled, ids)
    const verb = enabled ? 'enabled' : 'disabled'
    const failed = await each(
      ids,
      (n) => `${plural(n, 'user')} ${verb}.`,
      (user) => must(api.PATCH('/v1/users/{user}', { params: { path: { user } }, body: { enabled } })),
    )
    show(!enabled, failed)
    void client.invalidateQueries({ queryKey: keys.all('users') })
    return failed
  }
}
