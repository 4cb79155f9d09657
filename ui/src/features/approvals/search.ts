import { many, Search, sorting, text } from '../../components/search'

export const decisions = ['pending', 'granted', 'denied', 'expired'] as const

/** What the URL of the list of approvals holds. */
export const approvalSearch = new Search({
  q: text(),
  status: many(decisions),
  /** The approval whose drawer is open. */
  approval: text(),
  sort: sorting(['created_at', 'by', 'action', 'status', 'expires_at'], '-created_at'),
})
