import { api, must } from '../../api/client'

/** What a server shows of itself before anybody trusts it. */
export interface Shown {
  subject: string
  issuer: string
  until: string
  fingerprint: string
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

/** Asks which certificate the server at an address shows. It is sent nothing. */
export async function certificateOf(address: string): Promise<Shown> {
  const shown = await must(api.POST('/v1/nodes/probe', { body: { address: addressOf(address) } }))
  return { subject: shown.subject, issuer: shown.issuer, until: shown.not_after, fingerprint: shown.fingerprint }
}
