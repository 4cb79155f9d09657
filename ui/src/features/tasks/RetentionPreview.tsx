import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { Retention, RetentionPreview } from '../../api/types'
import { ErrorPanel } from '../../components/ErrorPanel'
import { bytes, dateTime, plural } from '../../components/format'

const shown = 30

/** What a retention would keep of a task's backups and why, without doing anything. */
export function KeptList({ task, retention }: { task: string; retention: Retention }) {
  const [tried] = useDebouncedValue(retention, 300)
  const preview = useQuery({
    queryKey: ['tasks', 'retention', task, tried],
    queryFn: () => must(api.POST('/v1/tasks/{task}/retention/preview', { params: { path: { task } }, body: { retention: tried } })),
    placeholderData: keepPreviousData,
    retry: false,
  })
  if (preview.error) return <ErrorPanel problem={asProblem(preview.error)} onRetry={() => void preview.refetch()} />
  if (!preview.data) return <p className="cell-muted">Working it out…</p>
  return <Kept preview={preview.data} />
}

/** "12 backups stay, 3 go (40 GB)". */
export function keptWords(preview: Pick<RetentionPreview, 'kept' | 'gone' | 'items'>): string {
  if (preview.kept + preview.gone === 0) return 'There are no backups to keep yet.'
  const going = preview.items.filter((item) => !item.keep).reduce((sum, item) => sum + item.bytes, 0)
  const stay = `${plural(preview.kept, 'backup')} ${preview.kept === 1 ? 'stays' : 'stay'}`
  return preview.gone === 0 ? `${stay}, none goes.` : `${stay}, ${plural(preview.gone, 'backup')} (${bytes(going)} to restore) ${preview.gone === 1 ? 'goes' : 'go'}.`
}

function Kept({ preview }: { preview: RetentionPreview }) {
  return (
    <div className="kept">
      <p>{keptWords(preview)}</p>
      {preview.items.length > 0 && (
        <ul>
          {preview.items.slice(0, shown).map((item) => (
            <li key={item.backup} className={item.keep ? undefined : 'is-gone'}>
              <time dateTime={item.started_at}>{dateTime(item.started_at)}</time>
              <span className="cell-muted">{item.keep ? item.reasons.join(', ') : 'goes: no rule keeps it'}</span>
            </li>
          ))}
        </ul>
      )}
      {preview.items.length > shown && <p className="cell-muted">and {plural(preview.items.length - shown, 'older one')}.</p>}
    </div>
  )
}
