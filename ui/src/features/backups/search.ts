import { day, many, open, Search, sorting, text } from '../../components/search'

export const statuses = [
  'failed',
  'interrupted',
  'warning',
  'running',
  'assigned',
  'queued',
  'succeeded',
  'cancelled',
  'deleted',
] as const

/** What the URL of the list of backups holds. */
export const backupSearch = new Search({
  q: text(),
  status: many(statuses),
  client: open(),
  task: open(),
  node: open(),
  from: day(),
  to: day(),
  sort: sorting(['task', 'client', 'node', 'status', 'bytes', 'created_at'], '-created_at'),
  /** The task to run: opens the dialog. "?" lets the reader choose. */
  run: text(),
})

/** What the URL of the files of a backup holds. */
export const browseSearch = new Search({ path: text() })

/** What the URL of the search for a file holds. */
export const findSearch = new Search({
  client: text(),
  task: text(),
  name: text(),
  from: day(),
  to: day(),
  /** The file whose history is open. */
  path: text(),
})
