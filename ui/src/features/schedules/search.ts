import { many, Search, sorting, text } from '../../components/search'

export const switches = ['true', 'false'] as const

/** What the URL of the list of schedules holds. */
export const scheduleSearch = new Search({
  q: text(),
  enabled: many(switches),
  sort: sorting(['name', 'cron', 'zone', 'enabled', 'created_at'], 'name'),
  /** The schedule whose drawer is open. */
  schedule: text(),
  /** The schedule that is being changed; "?" for a new one. */
  edit: text(),
})
