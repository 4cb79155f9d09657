import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type ErrorComponentProps,
} from '@tanstack/react-router'
import { asProblem } from '../api/problem'
import { meQuery } from '../api/session'
import { Empty } from '../components/Empty'
import { ErrorPanel } from '../components/ErrorPanel'
import { Page } from '../components/Page'
import { formatQuery, parseQuery, Search, text, type RawSearch } from '../components/search'
import { groupSearch } from '../features/groups/search'
import { auditSearch } from '../features/audit/search'
import { certificateSearch } from '../features/certificates/search'
import { alertSearch } from '../features/alerts/search'
import { tokenSearch } from '../features/tokens/search'
import { LoginPage } from '../features/auth/LoginPage'
import { backupSearch, browseSearch, findSearch } from '../features/backups/search'
import { clientSearch } from '../features/clients/search'
import { jobSearch } from '../features/jobs/search'
import { nodeSearch, objectSearch } from '../features/nodes/search'
import { repositorySearch } from '../features/repositories/search'
import { scheduleSearch } from '../features/schedules/search'
import { syncSearch } from '../features/sync/search'
import { taskSearch } from '../features/tasks/search'
import { approvalSearch } from '../features/approvals/search'
import { userSearch } from '../features/users/search'
import { Shell } from './Shell'

/** What every route gets. */
interface Context {
  queries: QueryClient
}

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFound, errorComponent: Failed })

const loginSearch = new Search({ next: text() })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (raw: RawSearch) => loginSearch.clean(raw),
  component: LoginPage,
})

/** All pages that need somebody logged in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queries.ensureQueryData(meQuery)
    } catch (thrown) {
      if (asProblem(thrown).status !== 401) throw thrown
      const next = location.href === '/' ? undefined : location.href
      throw redirect({ to: '/login', search: next ? { next } : {} })
    }
  },
})

const overview = createRoute({
  getParentRoute: () => inside,
  path: '/',
  component: lazyRouteComponent(() => import('../features/overview/OverviewPage'), 'OverviewPage'),
})

const nodes = createRoute({
  getParentRoute: () => inside,
  path: '/nodes',
  validateSearch: (raw: RawSearch) => nodeSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/nodes/NodesPage'), 'NodesPage'),
})

const objects = createRoute({
  getParentRoute: () => inside,
  path: '/nodes/$name/objects',
  validateSearch: (raw: RawSearch) => objectSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/nodes/ObjectsPage'), 'ObjectsPage'),
})

const sync = createRoute({
  getParentRoute: () => inside,
  path: '/sync',
  validateSearch: (raw: RawSearch) => syncSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/sync/SyncPage'), 'SyncPage'),
})

const backups = createRoute({
  getParentRoute: () => inside,
  path: '/backups',
  validateSearch: (raw: RawSearch) => backupSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/backups/BackupsPage'), 'BackupsPage'),
})

const backup = createRoute({
  getParentRoute: () => inside,
  path: '/backups/$id',
  component: lazyRouteComponent(() => import('../features/backups/BackupPage'), 'BackupPage'),
})

const browse = createRoute({
  getParentRoute: () => inside,
  path: '/backups/$id/browse',
  validateSearch: (raw: RawSearch) => browseSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/backups/BrowsePage'), 'BrowsePage'),
})

const users = createRoute({
  getParentRoute: () => inside,
  path: '/users',
  validateSearch: (raw: RawSearch) => userSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/users/UsersPage'), 'UsersPage'),
})

const approvals = createRoute({
  getParentRoute: () => inside,
  path: '/approvals',
  validateSearch: (raw: RawSearch) => approvalSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/approvals/ApprovalsPage'), 'ApprovalsPage'),
})

const tasks = createRoute({
  getParentRoute: () => inside,
  path: '/tasks',
  validateSearch: (raw: RawSearch) => taskSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/tasks/TasksPage'), 'TasksPage'),
})

const schedules = createRoute({
  getParentRoute: () => inside,
  path: '/schedules',
  validateSearch: (raw: RawSearch) => scheduleSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/schedules/SchedulesPage'), 'SchedulesPage'),
})

const find = createRoute({
  getParentRoute: () => inside,
  path: '/find',
  validateSearch: (raw: RawSearch) => findSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/backups/FindPage'), 'FindPage'),
})

const restores = createRoute({
  getParentRoute: () => inside,
  path: '/restores',
  validateSearch: (raw: RawSearch) => jobSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/jobs/RestoresPage'), 'RestoresPage'),
})

const drills = createRoute({
  getParentRoute: () => inside,
  path: '/drills',
  validateSearch: (raw: RawSearch) => jobSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/jobs/ProofPage'), 'DrillsPage'),
})

const verifications = createRoute({
  getParentRoute: () => inside,
  path: '/verifications',
  validateSearch: (raw: RawSearch) => jobSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/jobs/ProofPage'), 'VerificationsPage'),
})

const clients = createRoute({
  getParentRoute: () => inside,
  path: '/clients',
  validateSearch: (raw: RawSearch) => clientSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/clients/ClientsPage'), 'ClientsPage'),
})

const repositories = createRoute({
  getParentRoute: () => inside,
  path: '/repositories',
  validateSearch: (raw: RawSearch) => repositorySearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/repositories/RepositoriesPage'), 'RepositoriesPage'),
})

const groups = createRoute({
  getParentRoute: () => inside,
  path: '/groups',
  validateSearch: (raw: RawSearch) => groupSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/groups/GroupsPage'), 'GroupsPage'),
})

const audit = createRoute({
  getParentRoute: () => inside,
  path: '/audit',
  validateSearch: (raw: RawSearch) => auditSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/audit/AuditPage'), 'AuditPage'),
})

const certificates = createRoute({
  getParentRoute: () => inside,
  path: '/certificates',
  validateSearch: (raw: RawSearch) => certificateSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/certificates/CertificatesPage'), 'CertificatesPage'),
})

const alerts = createRoute({
  getParentRoute: () => inside,
  path: '/alerts',
  validateSearch: (raw: RawSearch) => alertSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/alerts/AlertsPage'), 'AlertsPage'),
})

const tokens = createRoute({
  getParentRoute: () => inside,
  path: '/tokens',
  validateSearch: (raw: RawSearch) => tokenSearch.clean(raw),
  component: lazyRouteComponent(() => import('../features/tokens/TokensPage'), 'TokensPage'),
})

const cluster = createRoute({
  getParentRoute: () => inside,
  path: '/cluster',
  component: lazyRouteComponent(() => import('../features/cluster/ClusterPage'), 'ClusterPage'),
})

const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings',
  component: lazyRouteComponent(() => import('../features/settings/SettingsPage'), 'SettingsPage'),
})

const pages = [overview, nodes, objects, sync, backups, backup, browse, users, approvals, tasks, schedules, find, restores, drills, verifications, clients, repositories, groups, alerts, cluster, certificates, tokens, audit, settings]
const tree = root.addChildren([login, inside.addChildren(pages)])

export function newRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    parseSearch: parseQuery,
    stringifySearch: formatQuery,
    defaultPreload: 'intent',
    defaultPendingMs: 300,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: Failed,
    scrollRestoration: false,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof newRouter>
  }
}

function NotFound() {
  return (
    <Page title="Not found">
      <Empty title="There is nothing at this address">Links to pages start in the menu at the left.</Empty>
    </Page>
  )
}

function Failed({ error, reset }: ErrorComponentProps) {
  return (
    <Page title="Something went wrong">
      <ErrorPanel problem={asProblem(error)} onRetry={reset} />
    </Page>
  )
}
