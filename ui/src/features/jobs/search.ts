import { many, open, Search, sorting, text } from '../../components/search'

export const statuses = ['failed', 'interrupted', 'warning', 'running', 'assigned', 'queued', 'succeeded', 'cancelled'] as const

/** What the URL of a list of jobs holds. */
export const jobSearch = new Search({
  q: text(),
  status: many(statuses),
  node: open(),
  backup: open(),
  sort: sorting(['created_at', 'finished_at', 'status', 'node'], '-created_at'),
  /** The job whose drawer is open. */
  job: text(),
})
