import { many, open, Search, text } from '../../components/search'

export const severities = ['critical', 'warning'] as const

/** What the URL of the list of alerts holds. */
export const alertSearch = new Search({ q: text(), severity: many(severities), kind: open() })
