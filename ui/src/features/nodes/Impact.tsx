import { useQuery } from '@tanstack/react-query'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import { useObstacle } from '../../api/session'
import { ErrorPanel } from '../../components/ErrorPanel'
import { plural } from '../../components/format'
import { IconAlert, IconCheck, IconError, IconInfo } from '../../components/icons'
import { consequences } from './impact'

const icons = { bad: IconError, warn: IconAlert, info: IconInfo }
const tones = { bad: 'red', warn: 'amber', info: 'blue' }
const shown = 12

/** What depends on a node: what stands still, or is lost, when it dies. */
export function ImpactOf({ node }: { node: string }) {
  const may = useObstacle('data:read')
  const impact = useQuery({
    queryKey: [...keys.one('nodes', node), 'impact'],
    queryFn: () => must(api.GET('/v1/nodes/{node}/impact', { params: { path: { node } } })),
    enabled: may === undefined,
    staleTime: 0,
  })
  if (may !== undefined) return <p className="cell-muted">{may}</p>
  if (impact.error) return <ErrorPanel problem={asProblem(impact.error)} onRetry={() => void impact.refetch()} />
  if (!impact.data) return <p className="cell-muted">Working it out…</p>
  const found = consequences(impact.data)
  const clients = impact.data.clients.length
  return (
    <div className="impact">
      {found.length === 0 && (
        <p className="may-answer tone-green">
          <IconCheck size={16} aria-hidden="true" /> Nothing stands still and nothing is lost.
        </p>
      )}
      {found.map(({ severity, text, names }) => {
        const Icon = icons[severity]
        return (
          <div key={text} className={`may-answer tone-${tones[severity]}`}>
            <Icon size={16} aria-hidden="true" />
            <div>
              <b>{text}.</b> {names.slice(0, shown).join(', ')}
              {names.length > shown && ` and ${plural(names.length - shown, 'other')}`}
            </div>
          </div>
        )
      })}
      {clients > 0 && <p className="cell-muted">It answers for {plural(clients, 'client')}.</p>}
    </div>
  )
}
