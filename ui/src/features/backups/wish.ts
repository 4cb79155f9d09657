/** Where to restore, and what becomes of files that are there. */
export interface Wish {
  origin: boolean
  node: string
  target: string
  overwrite: string
}

export const emptyWish: Wish = { origin: false, node: '', target: '', overwrite: 'never' }

export const overwrites = [
  { value: 'never', label: 'Keep it', note: 'Only what is missing is restored.' },
  { value: 'beside', label: 'Keep both', note: 'The restored one gets the time into its name.' },
  { value: 'if-newer', label: 'Replace it when the one in the backup is newer', note: '' },
  { value: 'always', label: 'Replace it', note: 'What is there now is lost.' },
]

/** Whether all is said that a restore needs. */
export function readyWish(wish: Wish): boolean {
  return wish.origin || (wish.node !== '' && wish.target.startsWith('/'))
}

/** What is sent: one path or several, to a folder or to where they were. */
export function restoreBody(paths: string[], wish: Wish, dry: boolean) {
  const what = paths.length === 1 ? { path: paths[0] } : { paths }
  const where = wish.origin ? { origin: true, ...(wish.node && { node: wish.node }) } : { node: wish.node, target: wish.target }
  return { ...what, ...where, overwrite: wish.overwrite, ...(dry && { dry_run: true }) }
}
