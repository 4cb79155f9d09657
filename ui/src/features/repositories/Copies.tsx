import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import type { Copy, Repository } from '../../api/types'
import { Action } from '../../components/Action'
import { Ago } from '../../components/Ago'
import { bytes, plural } from '../../components/format'
import { tell, tellProblem } from '../../components/notify'
import { StateBadge } from '../../components/StateBadge'
import { copyStates, lookOf } from '../../components/states'
import { Scrubbed } from './columns'

/** What each storage has of a repository, and how sound that is. */
export function Copies({ repository }: { repository: Repository }) {
  const queries = useQueryClient()
  const mayWrite = useObstacle('data:write')
  const begin = async (act: () => Promise<unknown>, done: string) => {
    try {
      await act()
      tell(done)
      await queries.invalidateQueries({ queryKey: keys.all('jobs') })
    } catch (thrown) {
      tellProblem('It was not begun', thrown)
    }
  }
  const params = { path: { repository: repository.id } }
  const scrub = (storage: string) => begin(() => must(api.POST('/v1/repositories/{repository}/scrub', { params, body: { storage } })), `${storage} reads all of it again.`)
  const copy = (to: string) => begin(() => must(api.POST('/v1/repositories/{repository}/copy', { params, body: { to } })), `${to} gets what it lacks.`)
  if (repository.copies.length === 0) return <p className="cell-muted">Nothing is stored yet.</p>
  return (
    <ul className="copies">
      {repository.copies.map((held, i) => (
        <li key={held.storage}>
          <div className="copy-head">
            <Link to="/nodes" search={{ node: held.storage }} className="plain-link">
              {held.storage}
            </Link>
            <StateBadge look={lookOf(copyStates, held.state)} />
            <span className="copy-actions">
              {i > 0 && (
                <Action size="compact-xs" onClick={() => void copy(held.storage)} obstacle={mayWrite}>
                  Copy now
                </Action>
              )}
              <Action size="compact-xs" onClick={() => void scrub(held.storage)} obstacle={mayWrite}>
                Read again
              </Action>
            </span>
          </div>
          <p className="cell-muted">
            {heldWords(held)}; read again: <Scrubbed at={held.scrubbed_at} />
            {held.as_of && (
              <>
                ; has all that was stored <Ago at={held.as_of} />
              </>
            )}
          </p>
          {held.lost > 0 && <p className="backup-error">{plural(held.lost, 'blob')} damaged or missing.</p>}
          {(held.differ ?? 0) > 0 && <p className="backup-error">{plural(held.differ!, 'blob')} with other bytes than the storage that is written to: one of the two was tampered with.</p>}
          {held.error && <p className="backup-error">{held.error}</p>}
        </li>
      ))}
    </ul>
  )
}

/** How much a storage had when a job last looked. */
export function heldWords(copy: Pick<Copy, 'blobs' | 'bytes' | 'extra'>): string {
  if (copy.blobs === 0) return 'nobody has counted it yet'
  const extra = copy.extra ? `, ${plural(copy.extra, 'blob')} more than its source` : ''
  return `${plural(copy.blobs, 'blob')}, ${bytes(copy.bytes)}${extra}`
}
