import { many, Search, sorting, text } from '../../components/search'

export const clusterModes = ['managed', 'standalone'] as const

/** What the URL of the page of synchronisation holds. */
export const syncSearch = new Search({
  q: text(),
  mode: many(clusterModes),
  sort: sorting(['node', 'status'], 'node'),
  /** The server whose drawer is open. */
  server: text(),
})
