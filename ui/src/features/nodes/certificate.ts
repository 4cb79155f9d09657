import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'

/** What a server shows of itself before anybody trusts it. */
export interface Shown {
  subject: string
  issuer: string
  until: string
  fingerprint: string
}

const sentence = /certificate of (.*), issued by (.*), that ends at (\S+); to trust it, send fingerprint ([0-9a-f]{64})$/

/** Reads the refusal in which the cluster says which certificate a server shows. */
export function shownIn(refusal: string | undefined): Shown | undefined {
  const found = sentence.exec(refusal ?? '')
  if (!found) return undefined
  const [, subject = '', issuer = '', until = '', fingerprint = ''] = found
  return { subject, issuer, until, fingerprint }
}

/** "ff33 4eae …", which two people can read to each other. */
export function spaced(fingerprint: string): string {
  return fingerprint.replace(/(.{4})(?=.)/g, '$1 ')
}

/** What is typed of a server that is to be added. */
export interface ServerDraft {
  name: string
  address: string
  user: string
  password: string
  via: string
  site: string
  passthrough: boolean
}

/** "host" and "host:port" are meant as https. */
export function addressOf(typed: string): string {
  const address = typed.trim().replace(/\/+$/, '')
  return address === '' || address.includes('://') ? address : `https://${address}`
}

/** What is sent of it. */
export function bodyOf(draft: ServerDraft) {
  const { name, address, user, password, via, site, passthrough } = draft
  return {
    name: name.trim(),
    roles: ['sesam-server'],
    address: addressOf(address),
    user: user.trim(),
    password,
    ...(via && { via }),
    ...(site.trim() && { site: site.trim() }),
    ...(passthrough && { passthrough }),
  }
}

/**
 * Asks which certificate a server shows. It is asked for as if the server were to
 * be added; without a fingerprint nothing ever is. Throws when it cannot be told.
 */
export async function certificateOf(draft: ServerDraft): Promise<Shown> {
  try {
    await must(api.POST('/v1/nodes', { body: bodyOf(draft) }))
  } catch (thrown) {
    const shown = shownIn(asProblem(thrown).fields.fingerprint)
    if (shown) return shown
    throw thrown
  }
  throw new Error('The cluster did not say which certificate the server shows.')
}
