import type { Certificate } from '../../api/types'

const soon = 3 * 86_400_000

/** How a certificate stands: one that was replaced is no problem when it ends. */
export function certificateState(certificate: Pick<Certificate, 'revoked_at' | 'not_after' | 'current'>, now: number): string {
  const left = Date.parse(certificate.not_after) - now
  if (certificate.revoked_at) return 'revoked'
  if (left <= 0) return certificate.current ? 'ended' : 'replaced'
  if (!certificate.current) return 'replaced'
  return left < soon ? 'ends' : 'valid'
}
