import { Button, Drawer } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { useObstacle } from '../../api/session'
import type { FileVersion } from '../../api/types'
import { ErrorPanel } from '../../components/ErrorPanel'
import { bytes, dateTime, plural } from '../../components/format'
import { IconDownload } from '../../components/icons'
import { contentOf } from './paths'
import { RestoreDialog } from './RestoreDialog'

interface Props {
  client: string
  task: string
  /** The file; "" while the drawer is closed. */
  path: string
  onClose: () => void
}

/** The states of one file in the backups of a client, the newest first. */
export function HistoryDrawer({ client, task, path, onClose }: Props) {
  const [restoring, setRestoring] = useState('')
  const open = path !== '' && client !== ''
  const history = useQuery({
    queryKey: ['backups', 'history', client, task, path],
    queryFn: () => must(api.GET('/v1/clients/{client}/history', { params: { path: { client }, query: { path, ...(task && { task }) } } })),
    enabled: open,
    retry: false,
  })
  return (
    <Drawer opened={open} onClose={onClose} size={520} title={<span className="drawer-title">History of {path.split('/').at(-1)}</span>}>
      <div className="drawer">
        <code className="history-path">{path}</code>
        {history.error && <ErrorPanel problem={asProblem(history.error)} onRetry={() => void history.refetch()} />}
        {history.isPending && open && <p className="cell-muted">Reading the backups…</p>}
        {history.data?.items.length === 0 && <p className="cell-muted">No backup has a file of this path.</p>}
        <ol className="versions">
          {history.data?.items.map((version) => (
            <Version key={version.object + version.modified_at} version={version} onRestore={setRestoring} />
          ))}
        </ol>
      </div>
      <RestoreDialog backup={restoring} paths={restoring ? [path] : []} onClose={() => setRestoring('')} />
    </Drawer>
  )
}

function Version({ version, onRestore }: { version: FileVersion; onRestore: (backup: string) => void }) {
  const mayRestore = useObstacle('backups:restore')
  const newest = version.backups[0] ?? ''
  return (
    <li>
      <div>
        <b>{dateTime(version.modified_at)}</b>
        <span className="cell-muted">
          {bytes(version.size)}, in {plural(version.backups.length, 'backup')}, the newest{' '}
          <Link to="/backups/$id" params={{ id: newest }} className="plain-link">
            {newest.slice(0, 8)}
          </Link>
        </span>
      </div>
      <Button variant="default" size="compact-xs" component="a" href={contentOf(newest, version.path)} download={version.name} leftSection={<IconDownload size={14} />}>
        Download
      </Button>
      <Button variant="default" size="compact-xs" onClick={() => onRestore(newest)} disabled={mayRestore !== undefined} title={mayRestore}>
        Restore
      </Button>
    </li>
  )
}
