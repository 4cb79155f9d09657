import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import { useAlerts } from '../../api/session'
import { span } from '../../components/format'
import { useNow } from '../../components/hooks'
import { IconAlert, IconCheck, IconError } from '../../components/icons'
import { TargetLink } from '../../components/TargetLink'
import { attention, type Thing } from './attention'

const lost = { status: ['failed'], sort: '-created_at', limit: 20 }
const day = 86_400_000

/** Everything that needs somebody now: what the server says is wrong, and what failed besides. */
export function useAttention(): Thing[] {
  const alerts = useAlerts().data?.items
  const failed = useQuery({
    queryKey: keys.top('backups', lost),
    queryFn: () => {
      const query = { ...lost, from: [new Date(Date.now() - day).toISOString()] }
      return must(api.GET('/v1/backups', { params: { query } }))
    },
    refetchInterval: 300_000,
  }).data
  return useMemo(() => attention({ alerts, failed }), [alerts, failed])
}

const icons = { bad: IconError, warn: IconAlert }
const tones = { bad: 'red', warn: 'amber' }
const names = { bad: 'Critical', warn: 'Warning' }
export function AttentionCard({ things }: { things: Thing[] }) {
  return (
    <section className="card card-pad">
      <div className="card-head">
        <h2>Needs attention</h2>
      </div>
      {things.length === 0 && (
        <p className="attention-none">
          <IconCheck size={17} aria-hidden="true" /> Nothing needs you now.
        </p>
      )}
      <ul className="attention">
        {things.slice(0, 8).map((thing) => (
          <Line key={thing.key} thing={thing} />
        ))}
      </ul>
    </section>
  )
}

function Line({ thing }: { thing: Thing }) {
  const now = useNow()
  const Icon = icons[thing.severity]
  return (
    <li className={`tone-${tones[thing.severity]}`}>
      <Icon size={17} role="img" aria-label={names[thing.severity]} />
      <div>
        <TargetLink to={thing.to}>{thing.title}</TargetLink>
        <p>{thing.note}</p>
      </div>
      {thing.at && <time dateTime={thing.at}>{span(now - Date.parse(thing.at))}</time>}
    </li>
  )
}
