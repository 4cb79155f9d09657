import { setNonce } from 'get-nonce'

/**
 * The nonce that the server put into this page. Style elements made by the
 * component library and by its scroll lock carry it, or the browser drops them.
 */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
}

setNonce(styleNonce())
