/** Only paths of this console are gone to after the login. */
export function safeNext(next: string | undefined): string {
  return next?.startsWith('/') && !/^\/[/\\]/.test(next) && !next.startsWith('/login') ? next : '/'
}
