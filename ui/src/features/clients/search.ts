import { open, Search, sorting, text } from '../../components/search'

/** What the URL of the list of clients holds. */
export const clientSearch = new Search({
  q: text(),
  repository: open(),
  sort: sorting(['name', 'address', 'created_at'], 'name'),
  /** The client whose drawer is open. */
  client: text(),
  /** The client that is being changed; "?" for a new one. */
  edit: text(),
})
