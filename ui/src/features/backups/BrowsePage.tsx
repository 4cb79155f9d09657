import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { FileEntry } from '../../api/types'
import { Action } from '../../components/Action'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { Empty } from '../../components/Empty'
import { ErrorPanel } from '../../components/ErrorPanel'
import { bytes, dateTime } from '../../components/format'
import { useDelayed } from '../../components/hooks'
import { IconDownload, IconFile, IconFolder, IconLink } from '../../components/icons'
import { Page } from '../../components/Page'
import { useSearchState } from '../../components/useSearchState'
import { useBackup } from './BackupPage'
import { archiveOf, below, contentOf, crumbs } from './paths'
import { RestoreDialog } from './RestoreDialog'
import { titleOf } from '../../components/run'
import { browseSearch } from './search'
import './backups.css'

interface Folder {
  at: string
  items: FileEntry[]
}

/**
 * What a folder of a backup holds. Without a path it is the first one with a
 * choice in it: going down through lone folders is not worth clicks.
 */
async function open(backup: string, path: string): Promise<Folder> {
  const list = (at: string) => must(api.GET('/v1/backups/{backup}/files', { params: { path: { backup }, query: { path: at } } }))
  let at = path || '/'
  let { items } = await list(at)
  for (let deep = 0; path === '' && items.length === 1 && items[0]!.type === 'directory' && deep < 32; deep++) {
    at = below(at, items[0]!.name)
    items = (await list(at)).items
  }
  return { at, items }
}

/** The files of a stored backup, folder by folder. */
export function BrowsePage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const [{ path }, setSearch] = useSearchState(browseSearch)
  const backup = useBackup(id).data
  const folder = useQuery({
    queryKey: [...keys.one('backups', id), 'files', path],
    queryFn: () => open(id, path),
    staleTime: Infinity, // a stored backup never changes
  })
  const at = folder.data?.at ?? (path || '/')
  const navigate = useNavigate()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [restoring, setRestoring] = useState<string[]>([])
  const mayRestore = useObstacle('backups:restore')
  useEffect(() => setSelected(new Set()), [at])

  const toggle = (name: string) => {
    const next = new Set(selected)
    if (!next.delete(name)) next.add(name)
    setSelected(next)
  }
  const slow = useDelayed(folder.isPending, 150)
  return (
    <Page
      title="Files"
      note={
        <>
          <Link to="/backups">Backups</Link> /{' '}
          <Link to="/backups/$id" params={{ id }}>
            {backup ? titleOf(backup) : id}
          </Link>
        </>
      }
      actions={
        <>
          <Action onClick={() => void navigate({ to: '/backups/$id', params: { id } })}>Back to the backup</Action>
          <Button variant="default" component="a" href={archiveOf(id, at, 'tar.gz')} download leftSection={<IconDownload size={15} />}>
            Download as tar.gz
          </Button>
          <Action variant="filled" onClick={() => setRestoring([at])} obstacle={mayRestore}>
            Restore this folder
          </Action>
        </>
      }
    >
      <section className="card files" aria-label="Files">
        <nav className="crumbs" aria-label="Path">
          {crumbs(at).map(({ name, path: to }, i) => (
            <button key={to} type="button" onClick={() => setSearch({ path: to }, { push: true })} disabled={to === at}>
              {i === 0 ? 'All' : name}
            </button>
          ))}
        </nav>
        {folder.error && <ErrorPanel problem={asProblem(folder.error)} onRetry={() => void folder.refetch()} />}
        {slow && <p className="files-note">Reading the backup…</p>}
        {folder.data?.items.length === 0 && <Empty title="This folder is empty" />}
        {folder.data && folder.data.items.length > 0 && (
          <Entries
            entries={folder.data.items}
            backup={id}
            at={at}
            selected={selected}
            onToggle={toggle}
            onToggleAll={() => setSelected(selected.size === folder.data.items.length ? new Set() : new Set(folder.data.items.map((entry) => entry.name)))}
            onOpen={(name) => setSearch({ path: below(at, name) }, { push: true })}
          />
        )}
        <BulkBar selected={selected.size} onClear={() => setSelected(new Set())}>
          <BulkAction onClick={() => setRestoring([...selected].map((name) => below(at, name)))} obstacle={mayRestore}>
            Restore
          </BulkAction>
        </BulkBar>
      </section>
      <RestoreDialog backup={id} paths={restoring} onClose={() => setRestoring([])} />
    </Page>
  )
}

interface EntriesProps {
  entries: FileEntry[]
  backup: string
  at: string
  selected: ReadonlySet<string>
  onToggle: (name: string) => void
  onToggleAll: () => void
  onOpen: (name: string) => void
}

const icons: Record<string, typeof IconFile> = { directory: IconFolder, symlink: IconLink }

function Entries({ entries, backup, at, selected, onToggle, onToggleAll, onOpen }: EntriesProps) {
  const sorted = [...entries].sort((a, b) => Number(b.type === 'directory') - Number(a.type === 'directory') || a.name.localeCompare(b.name))
  return (
    <table className="file-table">
      <thead>
        <tr>
          <th scope="col" className="grid-box">
            <input type="checkbox" aria-label="Select all" checked={selected.size === entries.length} onChange={onToggleAll} />
          </th>
          <th scope="col">Name</th>
          <th scope="col">Size</th>
          <th scope="col">Modified</th>
          <th scope="col">Mode</th>
          <th scope="col">
            <span className="visually-hidden">Download</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((entry) => {
          const Icon = icons[entry.type] ?? IconFile
          const path = below(at, entry.name)
          const content = entry.type === 'directory' ? archiveOf(backup, path, 'zip') : contentOf(backup, path)
          const file = entry.type === 'directory' ? `${entry.name}.zip` : entry.name
          return (
            <tr key={entry.name} className={selected.has(entry.name) ? 'is-selected' : undefined}>
              <td className="grid-box">
                <input type="checkbox" aria-label={`Select ${entry.name}`} checked={selected.has(entry.name)} onChange={() => onToggle(entry.name)} />
              </td>
              <td>
                <span className="cell-name">
                  <Icon size={16} stroke={1.6} aria-hidden="true" />
                  {entry.type === 'directory' ? (
                    <button type="button" onClick={() => onOpen(entry.name)}>
                      {entry.name}
                    </button>
                  ) : (
                    <span>{entry.name}</span>
                  )}
                </span>
              </td>
              <td className="cell-number">{entry.type === 'file' ? bytes(entry.size) : '–'}</td>
              <td className="cell-muted cell-number">{dateTime(entry.modified_at)}</td>
              <td className="cell-mono">{entry.mode}</td>
              <td>
                {(entry.type === 'file' || entry.type === 'directory') && (
                  <a href={content} download={file} aria-label={`Download ${file}`}>
                    <IconDownload size={16} />
                  </a>
                )}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
