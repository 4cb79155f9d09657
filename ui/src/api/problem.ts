import type { ProblemBody } from './types'

/** An answer of the server that is not the wished one, or no answer at all. */
export class Problem extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  readonly code: string
  readonly requestId: string
  /** What is wrong with each field of the request, by the field's name. */
  readonly fields: Record<string, string>
  /** Seconds after which to try again, when the server said so. */
  readonly retryAfter: number | undefined

  constructor(status: number, body: Partial<ProblemBody>, retryAfter?: number) {
    super(body.detail || body.title || (status === 0 ? 'This manager does not answer.' : `The server answered ${status}.`))
    this.name = 'Problem'
    this.status = status
    this.code = body.code ?? ''
    this.requestId = body.request_id ?? ''
    this.fields = fieldsOf(body.errors ?? [])
    this.retryAfter = retryAfter
  }

  /** Whether trying the same again later may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

/** "groups[0]" and "source.paths" name the fields "groups" and "source". */
function fieldsOf(errors: { field?: string; message?: string }[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const { field = '', message } of errors) {
    const name = field.replace(/[[.].*$/, '')
    if (message && !(name in fields)) fields[name] = message
  }
  return fields
}

/** Makes a Problem of whatever was thrown. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  if (thrown instanceof TypeError) return new Problem(0, {}) // fetch: no connection
  return new Problem(0, { title: thrown instanceof Error ? thrown.message : String(thrown) })
}
