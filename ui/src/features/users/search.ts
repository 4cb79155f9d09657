import { many, open, Search, sorting, text } from '../../components/search'

/** What the URL of the list of users holds. */
export const userSearch = new Search({
  q: text(),
  enabled: many(['true', 'false']),
  group: open(),
  origin: open(),
  sort: sorting(['name', 'full_name', 'enabled', 'origin', 'created_at'], 'name'),
  /** Name or id of the user in the drawer. */
  user: text(),
})
