// Written by hand against the contract until the server's document exists.
interface Answer<T> {
  headers: { [name: string]: unknown }
  content: { 'application/json': T }
}

interface Refusal {
  headers: { [name: string]: unknown }
  content: { 'application/problem+json': components['schemas']['Problem'] }
}

interface Op<Out, Path = never, Query = never, Body = never> {
  parameters: Path extends None
    ? { query?: Query; header?: { [name: string]: string }; path?: never; cookie?: never }
    : { query?: Query; header?: { [name: string]: string }; path: Path; cookie?: never }
  requestBody?: [Body] extends [never] ? never : { content: { 'application/json': Body } }
  responses: { 200: Answer<Out>; default: Refusal }
}

interface Many {
  q?: string
  sort?: string
  limit?: number
  next?: string
}

interface ListOf<T> {
  items: T[]
  total: number
  next?: string
}

type S = components['schemas']
type Id<K extends string> = { [key in K]: string }
type None = 'none'

export interface paths {
  '/v1/login': { post: Op<S['Session'], None, never, { name: string; password: string }> }
  '/v1/logout': { post: Op<undefined, None> }
  '/v1/me': { get: Op<S['Me'], None> }
  '/v1/stats': { get: Op<S['Stats'], None> }
  '/v1/cluster': { get: Op<S['Cluster'], None> }
  '/v1/nodes': { get: Op<ListOf<S['Node']>, None, Many & { status?: string[]; role?: string[]; mode?: string[]; site?: string[] }> }
  '/v1/nodes/{node}': {
    get: Op<S['Node'], Id<'node'>>
    patch: Op<S['Node'], Id<'node'>, never, { mode?: string }>
    delete: Op<undefined, Id<'node'>>
  }
  '/v1/nodes/{node}/events': { get: Op<ListOf<S['Event']>, Id<'node'>, { limit?: number; sort?: string }> }
  '/v1/events': { get: Op<ListOf<S['Event']>, None, Many & { object?: string }> }
  '/v1/users': {
    get: Op<ListOf<S['User']>, None, Many & { enabled?: string[]; group?: string[]; origin?: string[] }>
    post: Op<S['User'], None, never, { name: string; full_name?: string; password: string; groups: string[]; enabled?: boolean }>
  }
  '/v1/users/{user}': {
    get: Op<S['User'], Id<'user'>>
    patch: Op<S['User'], Id<'user'>, never, { enabled?: boolean; groups?: string[]; password?: string }>
    delete: Op<undefined, Id<'user'>>
  }
  '/v1/groups': { get: Op<ListOf<S['Group']>, None, Many> }
  '/v1/clients': { get: Op<ListOf<S['Client']>, None, Many> }
  '/v1/tasks': { get: Op<ListOf<S['Task']>, None, Many> }
  '/v1/backups': {
    get: Op<
      ListOf<S['Backup']>,
      None,
      Many & { status?: string[]; client?: string[]; task?: string[]; node?: string[]; from?: string; to?: string }
    >
    post: Op<S['Backup'], None, never, { task: string }>
  }
  '/v1/backups/{backup}': { get: Op<S['Backup'], Id<'backup'>>; delete: Op<undefined, Id<'backup'>> }
  '/v1/backups/{backup}/cancel': { post: Op<S['Backup'], Id<'backup'>> }
  '/v1/backups/{backup}/restore': {
    post: Op<S['Restore'], Id<'backup'>, never, { path: string; node: string; target: string; overwrite?: string }>
  }
  '/v1/backups/{backup}/files': { get: Op<ListOf<S['FileEntry']>, Id<'backup'>, { path?: string }> }
  '/v1/restores/{job}': { get: Op<S['Restore'], Id<'job'>> }
}

export interface components {
  schemas: {
    Problem: {
      type?: string
      title: string
      status: number
      detail?: string
      code?: string
      request_id?: string
      errors?: { field: string; message: string }[]
    }
    Session: { token: string; expires_at: string; user: S['User'] }
    Me: { user: S['User']; groups: string[]; rights: string[]; served_by: string }
    Stats: {
      nodes: {
        total: number
        by_status: { [status: string]: number }
        by_role: { [role: string]: number }
        cells: { site: string; role: string; status: string; nodes: number }[]
      }
      backups: {
        by_status: { [status: string]: number }
        running: number
        last_24h: { succeeded: number; warning: number; failed: number }
        timeline: { from: string; succeeded: number; warning: number; failed: number }[]
      }
      clients: number
      tasks: number
      users: number
      storage: { used: number; capacity: number; sites: { site: string; used: number; capacity: number }[] }
      cluster: { leader: string; term: number; failure_tolerance: number; managers: number }
    }
    Cluster: {
      leader: string
      term: number
      members: { id: string; name: string; voter: boolean; healthy: boolean; last_index: number }[]
      failure_tolerance: number
      commit_index: number
      digest: string
    }
    Node: {
      id: string
      name: string
      roles: string[]
      status: string
      reason?: string
      mode: string
      cluster_mode: string | null
      site: string
      labels: { [key: string]: string }
      address: string
      version: string
      last_seen: string | null
      certificate_not_after: string | null
      capacity?: { total: number; used: number; free: number }
      created_at: string
      updated_at: string
      index: number
    }
    User: {
      id: string
      name: string
      full_name?: string
      email?: string
      groups: string[]
      enabled: boolean
      origin: string
      created_at: string
      updated_at: string
      index: number
    }
    Group: { id: string; name: string; description: string; rights: string[]; predefined: boolean }
    Client: { id: string; name: string; address: string }
    Task: { id: string; name: string; client: string; source: { paths?: string[]; command?: string[]; name?: string }; enabled: boolean }
    Progress: {
      phase: string
      files: number
      bytes: number
      total_files: number
      total_bytes: number
      rate: number
      eta: string
    }
    Backup: {
      id: string
      task: string
      client: string
      status: string
      attempt: number
      level?: string
      node: string
      storages: string[]
      progress?: S['Progress'] | null
      started_at: string | null
      finished_at: string | null
      error: string | null
      stats: { files?: number; bytes?: number; new_files?: number; new_bytes?: number; warnings?: number }
      created_at: string
      updated_at: string
      index: number
    }
    Restore: {
      id: string
      backup: string
      status: string
      node: string
      path: string
      target: string
      overwrite: string
      progress?: S['Progress'] | null
      error: string | null
      created_at: string
    }
    FileEntry: { name: string; type: string; size: number; mode: string; modified_at: string }
    Event: {
      id: string
      created_at: string
      by: string
      actor: string
      action: string
      object: { kind: string; id: string; name: string }
      result: string
      detail: string
    }
  }
}
