/** The path of an entry of a folder. */
export function below(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`
}

/** A folder and all folders it lies in, from the top. */
export function crumbs(path: string): { name: string; path: string }[] {
  const names = path.split('/').filter(Boolean)
  return [{ name: '/', path: '/' }, ...names.map((name, i) => ({ name, path: `/${names.slice(0, i + 1).join('/')}` }))]
}

/** The folder that an entry lies in. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

/** Where the content of a file of a backup is loaded from. */
export function contentOf(backup: string, path: string): string {
  return `/v1/backups/${backup}/files/content?path=${encodeURIComponent(path)}`
}

/** Where a folder or a file of a backup is loaded from, packed. */
export function archiveOf(backup: string, path: string, format: 'tar.gz' | 'zip'): string {
  return `/v1/backups/${backup}/files/archive?path=${encodeURIComponent(path)}&format=${format}`
}
