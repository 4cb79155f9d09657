import { open, Search, sorting, text, word } from '../../components/search'

/** What the URL of the list of certificates holds. */
export const certificateSearch = new Search({
  q: text(),
  node: open(),
  show: word(['valid', 'revoked', 'all'], 'valid'),
  sort: sorting(['not_after', 'node', 'created_at'], 'not_after'),
  /** The certificate whose drawer is open. */
  certificate: text(),
})
