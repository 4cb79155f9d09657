import { many, open, Search, sorting, text } from '../../components/search'

export const switches = ['true', 'false'] as const

/** What the URL of the list of tasks holds. */
export const taskSearch = new Search({
  q: text(),
  enabled: many(switches),
  client: open(),
  schedule: open(),
  sort: sorting(['name', 'client', 'schedule', 'priority', 'enabled', 'created_at'], 'name'),
  /** The task whose drawer is open. */
  task: text(),
  /** The task that is being changed; "?" for a new one. */
  edit: text(),
})
