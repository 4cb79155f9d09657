import { Search, sorting, text, word } from '../../components/search'

/** What the URL of the page of tokens holds. */
export const tokenSearch = new Search({
  kind: word(['join', 'api'], 'join'),
  q: text(),
  show: word(['good', 'all'], 'good'),
  sort: sorting(['name', 'expires_at', 'created_at'], '-created_at'),
})
