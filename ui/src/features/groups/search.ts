import { Search, sorting, text } from '../../components/search'

/** What the URL of the list of groups holds. */
export const groupSearch = new Search({
  q: text(),
  sort: sorting(['name', 'rank', 'members', 'created_at'], '-rank'),
  /** The group whose drawer is open. */
  group: text(),
})
