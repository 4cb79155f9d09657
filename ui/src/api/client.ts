import createClient, { type Middleware } from 'openapi-fetch'
import { Problem } from './problem'
import type { paths } from './schema'
import type { ProblemBody } from './types'

/** Which manager answered last, and who led then. */
export interface Answered {
  by: string
  leader: string
}

type Listener = () => void

/** What is learnt from every answer on the way: who gave it, and a lost session. */
class Wire {
  answered: Answered = { by: '', leader: '' }
  private readonly listeners = new Set<Listener>()
  /** Called when the server does not know the session any more. */
  onLoggedOut: Listener = () => {}

  readonly subscribe = (listener: Listener) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  note(headers: Headers) {
    const by = headers.get('Bcm-Served-By') ?? this.answered.by
    const leader = headers.get('Bcm-Leader') ?? this.answered.leader
    if (by === this.answered.by && leader === this.answered.leader) return
    this.answered = { by, leader }
    this.listeners.forEach((listener) => listener())
  }
}

export const wire = new Wire()

const middleware: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && !request.headers.has('Bcm-Request-Id')) {
      request.headers.set('Bcm-Request-Id', requestId())
    }
    return request
  },
  onResponse({ request, response }) {
    wire.note(response.headers)
    if (response.status === 401 && !new URL(request.url).pathname.startsWith('/v1/login')) wire.onLoggedOut()
    return response
  },
}

/** A name for one wish: sending it again with the same name has no second effect. */
export function requestId(): string {
  return crypto.randomUUID()
}

/** The typed way to the API of the manager that served this page. */
export const api = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  querySerializer: { array: { style: 'form', explode: true } },
  fetch: (request) => globalThis.fetch(request),
})

api.use(middleware)

interface Result<T> {
  data?: T
  error?: unknown
  response: Response
}

/** What is said of a change that was not made, since another user must grant it. */
function waiting(data: unknown): Partial<ProblemBody> {
  const { reason } = data as { reason: string }
  return { code: 'approval_required', detail: `Not done yet: ${reason}. Another user must grant it, on the page of approvals.` }
}

/** The data of an answer, or its Problem thrown. */
export async function must<T>(call: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await call
  if (response.status === 202 && response.headers.has('Bcm-Approval')) throw new Problem(202, waiting(data))
  if (response.ok) return data as T
  const wait = Number.parseInt(response.headers.get('Retry-After') ?? '', 10)
  const body = typeof error === 'object' && error !== null ? (error as ProblemBody) : {}
  throw new Problem(response.status, body, Number.isNaN(wait) ? undefined : wait)
}
