import type { Certificate } from '../../api/types'

/** Members renew their certificate long before this part of its life is left. */
const late = 0.2

/** How a certificate stands: one that was replaced is no problem when it ends. */
export function certificateState(certificate: Pick<Certificate, 'revoked_at' | 'not_before' | 'not_after' | 'current'>, now: number): string {
  const left = Date.parse(certificate.not_after) - now
  if (certificate.revoked_at) return 'revoked'
  if (left <= 0) return certificate.current ? 'ended' : 'replaced'
  if (!certificate.current) return 'replaced'
  return left < late * (Date.parse(certificate.not_after) - Date.parse(certificate.not_before)) ? 'ends' : 'valid'
}
