import type { Repository } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { bytes, percent } from '../../components/format'
import { IconRepositories } from '../../components/icons'
import { Meter } from '../../components/Meter'
import { useStorages } from '../../components/names'
import { StateBadge } from '../../components/StateBadge'
import { copyStates, lookOf } from '../../components/states'
import { fullIn, fullWords, scrubbedAt, sizeOf, worst } from './health'

export function RepositoryBadge({ repository }: { repository: Repository }) {
  if (!repository.filled) return <StateBadge look={lookOf(copyStates, 'unused')} />
  const state = worst(repository.copies)
  return <StateBadge look={state === 'written' ? copyStates.whole : lookOf(copyStates, state)} />
}

/** How much of its quota a repository uses. */
export function Used({ repository }: { repository: Repository }) {
  const size = sizeOf(repository.copies)
  const { quota } = repository
  if (quota <= 0) return <span className={size > 0 ? 'cell-number' : 'cell-muted'}>{size > 0 ? bytes(size) : 'not counted yet'}</span>
  return (
    <span className="cell-meter" title={`${bytes(size)} of ${bytes(quota)}`}>
      <Meter label={`${percent(size, quota)} of the quota`} total={quota} parts={[{ key: 'used', count: size, tone: size / quota > 0.9 ? 'red' : 'accent' }]} />
      {percent(size, quota)}
    </span>
  )
}

/** When the first of its storages is full. */
export function FullIn({ repository }: { repository: Repository }) {
  const { text, soon } = fullWords(fullIn(repository, useStorages().data?.items ?? []))
  return <span className={soon ? 'cell-warn' : 'cell-muted'}>{text}</span>
}

export function Scrubbed({ at }: { at: string | null }) {
  return at ? <Ago at={at} /> : <span className="cell-muted">never</span>
}

/** The columns of the list of repositories. */
export const repositoryColumns: Column<Repository>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(150px, 1.3fr)',
    sort: 'name',
    cell: (repository) => (
      <span className="cell-name">
        <IconRepositories size={16} stroke={1.6} aria-hidden="true" />
        <span>{repository.name}</span>
      </span>
    ),
  },
  { id: 'state', title: 'State', width: '112px', cell: (repository) => <RepositoryBadge repository={repository} /> },
  { id: 'used', title: 'Used', width: '112px', cell: (repository) => <Used repository={repository} /> },
  {
    id: 'quota',
    title: 'Quota',
    width: '92px',
    sort: 'quota',
    cell: (repository) => <span className="cell-muted cell-number">{repository.quota > 0 ? bytes(repository.quota) : 'none'}</span>,
  },
  { id: 'full', title: 'Room', width: '120px', cell: (repository) => <FullIn repository={repository} /> },
  { id: 'storages', title: 'Kept on', width: 'minmax(130px, 1.3fr)', cell: (repository) => repository.storages.join(', ') || '–' },
  { id: 'clients', title: 'Clients', width: 'minmax(120px, 1.3fr)', cell: (repository) => repository.clients.join(', ') || '–' },
  { id: 'scrubbed', title: 'Read again', width: '100px', cell: (repository) => <Scrubbed at={scrubbedAt(repository.copies)} /> },
]

/** A repository on a phone. */
export function RepositoryCard({ repository }: { repository: Repository }) {
  return (
    <>
      <span className="card-name">{repository.name}</span>
      <span>
        <RepositoryBadge repository={repository} />
      </span>
      <span className="card-note">{repository.storages.join(', ')}</span>
      <span className="card-side">
        <FullIn repository={repository} />
      </span>
    </>
  )
}
