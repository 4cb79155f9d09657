import { open, Search, sorting, text } from '../../components/search'

/** What the URL of the list of repositories holds. */
export const repositorySearch = new Search({
  q: text(),
  node: open(),
  sort: sorting(['name', 'quota', 'created_at'], 'name'),
  /** The repository whose drawer is open. */
  repository: text(),
})
