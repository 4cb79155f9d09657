import type { APIToken, JoinToken } from '../../api/types'

/** How a token stands: whether it still opens anything. */
export function tokenState(token: Pick<APIToken, 'revoked' | 'expires_at'> & Partial<Pick<JoinToken, 'uses' | 'used'>>, now: number): string {
  if (token.revoked) return 'revoked'
  if (token.expires_at && Date.parse(token.expires_at) <= now) return 'expired'
  if (token.uses !== undefined && (token.used ?? 0) >= token.uses) return 'spent'
  return 'good'
}
