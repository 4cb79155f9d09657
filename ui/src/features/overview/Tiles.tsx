import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Cluster, Stats } from '../../api/types'
import { bytes, count, percent } from '../../components/format'
import { Meter, type Part } from '../../components/Meter'

interface Props {
  stats: Stats | undefined
  cluster: Cluster | undefined
}

/** The five numbers that tell most. */
export function Tiles({ stats, cluster }: Props) {
  return (
    <div className="tiles">
      <NodesTile stats={stats} />
      <SuccessTile stats={stats} />
      <RunningTile stats={stats} />
      <StorageTile stats={stats} />
      <ManagersTile cluster={cluster} />
    </div>
  )
}

interface TileProps {
  title: string
  figure: string
  of: string
  note: string
  meter: ReactNode
}

function Tile({ title, figure, of, note, meter }: TileProps) {
  return (
    <div className="card tile">
      <p className="tile-title">{title}</p>
      <p className="tile-figure">
        {figure} <small>{of}</small>
      </p>
      {meter}
      <p className="tile-note">{note}</p>
    </div>
  )
}

const waitingTile = { figure: '–', of: '', note: '\u00a0', meter: <Meter label="Loading" parts={[]} total={1} /> }

function NodesTile({ stats }: Pick<Props, 'stats'>) {
  if (!stats) return <Tile title="Nodes online" {...waitingTile} />
  const { total, by_status } = stats.nodes
  const of = (status: string) => by_status[status] ?? 0
  const parts: Part[] = [
    { key: 'online', count: of('online'), tone: 'green' },
    { key: 'joining', count: of('joining'), tone: 'blue' },
    { key: 'degraded', count: of('degraded'), tone: 'amber' },
    { key: 'offline', count: of('offline'), tone: 'red' },
  ]
  const wrong = [
    of('offline') > 0 && `${count(of('offline'))} offline`,
    of('degraded') > 0 && `${count(of('degraded'))} degraded`,
  ].filter(Boolean)
  return (
    <Tile
      title="Nodes online"
      figure={count(of('online'))}
      of={`of ${count(total)}`}
      note={wrong.join(', ') || (of('online') === total ? 'All are online' : `${count(total - of('online'))} joining or left`)}
      meter={<Meter label={`${of('online')} of ${total} nodes are online`} parts={parts} total={total} />}
    />
  )
}

function SuccessTile({ stats }: Pick<Props, 'stats'>) {
  if (!stats) return <Tile title="Backup success, 24 h" {...waitingTile} />
  const { succeeded, warning, failed } = stats.backups.last_24h
  const all = succeeded + warning + failed
  const words = [failed > 0 && `${count(failed)} failed`, warning > 0 && `${count(warning)} with warnings`].filter(Boolean)
  return (
    <Tile
      title="Backup success, 24 h"
      figure={all === 0 ? '–' : successRate(succeeded + warning, all)}
      of={`of ${count(all)}`}
      note={words.join(', ') || (all === 0 ? 'No backup has ended yet' : 'None failed')}
      meter={
        <Meter
          label={`${succeeded} succeeded, ${warning} with warnings, ${failed} failed`}
          parts={[
            { key: 'succeeded', count: succeeded, tone: 'green' },
            { key: 'warning', count: warning, tone: 'amber' },
            { key: 'failed', count: failed, tone: 'red' },
          ]}
        />
      }
    />
  )
}

/** "99.4 %". One failure among thousands never reads as 100. */
export function successRate(good: number, all: number): string {
  if (good >= all) return '100 %'
  return `${Math.min(99.9, Math.floor((good / all) * 1000) / 10).toFixed(1)} %`
}

function RunningTile({ stats }: Pick<Props, 'stats'>) {
  if (!stats) return <Tile title="Running now" {...waitingTile} />
  const { running, by_status } = stats.backups
  const waiting = ['queued', 'assigned', 'interrupted'].reduce((sum, status) => sum + (by_status[status] ?? 0), 0)
  return (
    <Tile
      title="Running now"
      figure={count(running)}
      of={running === 1 ? 'backup' : 'backups'}
      note={waiting > 0 ? `${count(waiting)} waiting` : 'None is waiting'}
      meter={<Meter label={`${running} running, ${waiting} waiting`} parts={[{ key: 'running', count: running, tone: 'blue' }]} total={running + waiting} />}
    />
  )
}

function StorageTile({ stats }: Pick<Props, 'stats'>) {
  if (!stats) return <Tile title="Storage used" {...waitingTile} />
  const { used, capacity } = stats.storage
  const full = capacity > 0 && used / capacity > 0.9
  return (
    <Tile
      title="Storage used"
      figure={bytes(used)}
      of={capacity > 0 ? `of ${bytes(capacity)}` : ''}
      note={capacity > 0 ? `${percent(used, capacity)} full, ${bytes(Math.max(0, capacity - used))} free` : 'No storage has reported yet'}
      meter={<Meter label={`${percent(used, capacity)} full`} parts={[{ key: 'used', count: used, tone: full ? 'red' : 'accent' }]} total={capacity} />}
    />
  )
}

function ManagersTile({ cluster }: Pick<Props, 'cluster'>) {
  if (!cluster) return <Tile title="Manager cluster" {...waitingTile} />
  const voters = cluster.members.filter((member) => member.voter)
  const healthy = voters.filter((member) => member.healthy)
  const spare = Math.max(0, cluster.failure_tolerance)
  const leader = cluster.leader ? `Leader ${cluster.leader}` : 'No leader'
  return (
    <Tile
      title="Manager cluster"
      figure={count(healthy.length)}
      of={`of ${count(voters.length)} voters healthy`}
      note={`${leader}, may lose ${spare}`}
      meter={
        <Meter
          segments
          label={`${healthy.length} of ${voters.length} voters are healthy`}
          parts={[...voters]
            .sort((a, b) => Number(b.healthy) - Number(a.healthy))
            .map((member) => ({ key: member.id, count: 1, tone: member.healthy ? 'green' : 'red' }))}
        />
      }
    />
  )
}

/** A link to the list behind a number. */
export function MoreLink({ to, children }: { to: '/nodes' | '/backups'; children: ReactNode }) {
  return (
    <Link to={to} className="more">
      {children}
    </Link>
  )
}
