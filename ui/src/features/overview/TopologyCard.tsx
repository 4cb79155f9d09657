import { Link } from '@tanstack/react-router'
import { useFewNodes, useManagers } from '../../api/session'
import type { Cluster, Node, Stats } from '../../api/types'
import { count } from '../../components/format'
import { useNarrow } from '../../components/hooks'
import { IconCrown } from '../../components/icons'
import { marks } from '../../components/marks'
import { StateMark } from '../../components/StateBadge'
import { lookOf, nodeStates } from '../../components/states'
import { arrange, order, type Place, type Table } from './topology'

const legend = ['offline', 'degraded', 'draining', 'joining', 'online'] as const

/** The grid as sites and tiers. Every cell leads to its nodes. */
export function TopologyCard({ stats, cluster }: { stats: Stats | undefined; cluster: Cluster | undefined }) {
  const managers = useManagers().data?.items ?? []
  const narrow = useNarrow()
  const few = useFewNodes(stats?.nodes.total).data?.items
  const picture = { table: arrange(stats?.nodes.cells ?? [], few), managers, cluster }
  return (
    <section className="card card-pad">
      <div className="card-head">
        <h2>Topology</h2>
        <span className="legend">
          {legend.map((state) => (
            <span key={state}>
              <StateMark look={nodeStates[state]} /> {nodeStates[state].word}
            </span>
          ))}
        </span>
      </div>
      {narrow ? <Bands {...picture} /> : <Matrix {...picture} />}
    </section>
  )
}

interface PictureProps {
  table: Table
  managers: Node[]
  cluster: Cluster | undefined
}

/** On a wide screen: a column for each site, a row for each tier. */
function Matrix({ table: { sites, rows }, managers, cluster }: PictureProps) {
  const style = { '--sites': Math.max(1, sites.length) } as React.CSSProperties
  return (
    <div className="topology" style={style}>
      <span />
      {sites.map((site) => (
        <p key={site} className="topology-site">
          {site || 'No site'}
        </p>
      ))}
      <Tier title="Managers" note={quorum(cluster)} />
      <div className="topology-managers">
        {sites.map((site) => (
          <div key={site}>
            {managers
              .filter((node) => node.site === site)
              .map((node) => (
                <Named key={node.id} node={node} leads={node.name === cluster?.leader} />
              ))}
          </div>
        ))}
      </div>
      {rows.map((row) => [
        <Tier key={row.role} title={row.title} note={row.note} />,
        ...row.places.map((place, i) => (
          <Cell key={`${row.role} ${sites[i]}`} place={place} role={row.role} title={row.title} site={sites[i]!} />
        )),
      ])}
    </div>
  )
}

/** On a phone: one band for each site. */
function Bands({ table: { sites, rows }, managers, cluster }: PictureProps) {
  return (
    <div className="bands">
      {sites.map((site, i) => (
        <div key={site} className="band">
          <p className="topology-site">{site || 'No site'}</p>
          <div className="band-managers">
            {managers
              .filter((node) => node.site === site)
              .map((node) => (
                <Named key={node.id} node={node} leads={node.name === cluster?.leader} />
              ))}
          </div>
          <div className="band-cells">
            {rows
              .filter((row) => row.places[i]!.total > 0)
              .map((row) => (
                <Cell key={row.role} place={row.places[i]!} role={row.role} title={row.title} site={site} named />
              ))}
          </div>
        </div>
      ))}
    </div>
  )
}

function quorum(cluster: Cluster | undefined): string {
  if (!cluster) return '\u00a0'
  const voters = cluster.members.filter((member) => member.voter).length
  return `Raft, quorum ${Math.floor(voters / 2) + 1} of ${voters}`
}

function Tier({ title, note }: { title: string; note: string }) {
  return (
    <div className="topology-tier">
      <b>{title}</b>
      <span>{note}</span>
    </div>
  )
}

/** One node by its name. */
function Named({ node, leads }: { node: Node; leads: boolean }) {
  const look = lookOf(nodeStates, node.status)
  return (
    <Link to="/nodes" search={{ node: node.name }} className={leads ? 'named is-leader' : 'named'} title={`${look.word}${leads ? ', leader' : ''}`}>
      {leads && node.status === 'online' ? <IconCrown size={15} stroke={1.7} aria-hidden="true" /> : <StateMark look={look} />}
      {node.name}
      <span className="visually-hidden">
        {look.word}
        {leads && ', leader'}
      </span>
    </Link>
  )
}

interface CellProps {
  place: Place
  role: string
  title: string
  site: string
  /** The title stands in the cell, as there is no row to name it. */
  named?: boolean
}

function Cell({ place, role, title, site, named }: CellProps) {
  if (place.total === 0) return <span className="cell-none" />
  if (place.nodes) {
    return (
      <div className="cell-few">
        {named && <span className="cell-title">{title}</span>}
        {place.nodes.map((node) => (
          <Named key={node.id} node={node} leads={false} />
        ))}
      </div>
    )
  }
  const { offline, degraded } = place.by
  return (
    <Link
      to="/nodes"
      search={site ? { role, site } : { role }}
      className={offline > 0 ? 'cell is-bad' : 'cell'}
    >
      {named && <span className="cell-title">{title}</span>}
      <span className="cell-head">
        <b>{count(place.total)}</b>
        <span className="visually-hidden">
          {title.toLowerCase()} {site && `in ${site}`}
        </span>
        <span>
          {offline > 0 && (
            <span className="tone-red">
              <StateMark look={nodeStates.offline} /> {count(offline)}
              <span className="visually-hidden">offline</span>
            </span>
          )}
          {degraded > 0 && (
            <span className="tone-amber">
              <StateMark look={nodeStates.degraded} /> {count(degraded)}
              <span className="visually-hidden">degraded</span>
            </span>
          )}
        </span>
      </span>
      <Dots place={place} />
    </Link>
  )
}

const deep = 4
const wide = 25

/** One mark for a node, or for many; no state that is not empty goes without one. */
function Dots({ place }: { place: Place }) {
  const shares = marks(
    order.map((key) => ({ key, count: place.by[key] })),
    deep * wide,
  )
  const tones = shares.flatMap(({ key, marks }) => Array.from({ length: marks }, () => nodeStates[key].tone))
  return (
    <svg className="dots" viewBox={`0 0 ${wide * 5} ${deep * 5}`} aria-hidden="true">
      {tones.map((tone, i) => (
        <rect key={i} className={`dot tone-${tone}`} x={Math.floor(i / deep) * 5} y={(i % deep) * 5} width={4} height={4} rx={0.8} />
      ))}
    </svg>
  )
}
