import type { Task, TaskInput } from '../../api/types'
import { changed, lines } from '../../components/lines'
import { retentionOf, retentionTyped, type RuleName } from '../../components/retention'

/** A task as it is typed into its form. */
export interface Draft {
  name: string
  client: string
  kind: 'paths' | 'command'
  /** One a line, as the other lists. */
  paths: string
  exclude: string
  command: string
  file: string
  schedule: string
  retention: Record<RuleName, string>
  nodes: string[]
  priority: string
  attempts: string
  pause: string
  max_runtime: string
  /** MB a second; "" is without end. */
  rate: string
  pre: string
  post: string
}

const mega = 1_000_000

export const emptyDraft: Draft = {
  name: '',
  client: '',
  kind: 'paths',
  paths: '',
  exclude: '',
  command: '',
  file: '',
  schedule: '',
  retention: retentionTyped({ daily: 7, weekly: 4, monthly: 12 }),
  nodes: [],
  priority: '0',
  attempts: '',
  pause: '',
  max_runtime: '',
  rate: '',
  pre: '',
  post: '',
}

/** A task as its form shows it. */
export function draftOf(task: Task): Draft {
  const { source, retry, bandwidth } = task
  const always = bandwidth.length === 1 && !bandwidth[0]!.from ? bandwidth[0]!.rate : undefined
  return {
    name: task.name,
    client: task.client,
    kind: (source.command ?? []).length > 0 ? 'command' : 'paths',
    paths: (source.paths ?? []).join('\n'),
    exclude: (source.exclude ?? []).join('\n'),
    command: (source.command ?? []).join('\n'),
    file: source.name ?? '',
    schedule: task.schedule ?? '',
    retention: retentionTyped(task.retention),
    nodes: task.nodes,
    priority: String(task.priority),
    attempts: retry.attempts > 1 ? String(retry.attempts) : '',
    pause: retry.pause ?? '',
    max_runtime: task.max_runtime,
    rate: always === undefined ? '' : String(always / mega),
    pre: task.pre.join('\n'),
    post: task.post.join('\n'),
  }
}

/** Whether a task has limits by the time of day, which the form leaves as they are. */
export function hasTimedLimits(task: Task): boolean {
  return task.bandwidth.some((limit) => limit.from) || task.bandwidth.length > 1
}

/** What is sent of a draft. */
export function inputOf(draft: Draft): TaskInput {
  const source =
    draft.kind === 'paths'
      ? { paths: lines(draft.paths), exclude: lines(draft.exclude) }
      : { command: lines(draft.command), ...(draft.file.trim() && { name: draft.file.trim() }) }
  const attempts = Number(draft.attempts) || 0
  const rate = Number(draft.rate) || 0
  return {
    name: draft.name.trim(),
    client: draft.client,
    source,
    schedule: draft.schedule,
    retention: retentionOf(draft.retention),
    nodes: draft.nodes,
    priority: Number(draft.priority) || 0,
    retry: { attempts, ...(attempts > 1 && draft.pause.trim() && { pause: draft.pause.trim() }) },
    max_runtime: draft.max_runtime.trim(),
    bandwidth: rate > 0 ? [{ rate: Math.round(rate * mega) }] : [],
    pre: lines(draft.pre),
    post: lines(draft.post),
  }
}

/** What of a task is other than it was; its client stays for ever. */
export function changeOf(before: Draft, after: Draft): Partial<Omit<TaskInput, 'client'>> {
  const { client: _, ...change } = changed(inputOf(before), inputOf(after))
  return change
}

/** What keeps a draft from being sent, by field. */
export function gaps(draft: Draft): Partial<Record<keyof Draft, string>> {
  const found: Partial<Record<keyof Draft, string>> = {}
  if (draft.name.trim() === '') found.name = 'A task needs a name'
  if (draft.client === '') found.client = 'Choose whose data it is'
  if (draft.kind === 'paths') {
    const paths = lines(draft.paths)
    const odd = paths.find((path) => !path.startsWith('/'))
    if (paths.length === 0) found.paths = 'Name at least one path'
    else if (odd !== undefined) found.paths = `An absolute path begins with /: ${odd}`
  } else if (lines(draft.command).length === 0) {
    found.command = 'Name the program, and its arguments below'
  }
  return found
}

/** What a task backs up, in one line. */
export function sourceWords(source: Task['source']): string {
  if ((source.command ?? []).length > 0) return `output of ${source.command!.join(' ')}`
  return source.paths?.join(', ') || '–'
}
