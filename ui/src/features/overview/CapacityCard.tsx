import { Link } from '@tanstack/react-router'
import type { Stats } from '../../api/types'
import { bytes, percent } from '../../components/format'
import { Meter } from '../../components/Meter'

/** How full the storage of each site is. */
export function CapacityCard({ stats }: { stats: Stats | undefined }) {
  const sites = stats?.storage.sites ?? []
  if (sites.length === 0) return null
  return (
    <section className="card card-pad">
      <div className="card-head">
        <h2>Capacity by site</h2>
      </div>
      <ul className="runs">
        {sites.map(({ site, used, capacity }) => (
          <li key={site}>
            <span className="run-head">
              <Link to="/nodes" search={site ? { role: 'backup-storage', site } : { role: 'backup-storage' }}>
                {site || 'No site'}
              </Link>
              <span className="run-left">
                {bytes(used)} of {bytes(capacity)}
              </span>
            </span>
            <Meter
              label={`${percent(used, capacity)} full`}
              total={capacity}
              parts={[{ key: 'used', count: used, tone: capacity > 0 && used / capacity > 0.9 ? 'red' : 'accent' }]}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}
