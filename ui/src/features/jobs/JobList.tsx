import { Drawer } from '@mantine/core'
import { useMemo, useState, type ReactNode } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, useList, type Listing } from '../../api/list'
import { asProblem } from '../../api/problem'
import { useObstacle } from '../../api/session'
import type { Job } from '../../api/types'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid, type Column } from '../../components/DataGrid'
import { ErrorPanel } from '../../components/ErrorPanel'
import { Filter, FilterBar } from '../../components/FilterBar'
import { JobBadge, JobFacts, JobState } from '../../components/JobView'
import { kindWords, useCancelJob, useJob } from '../../components/jobs'
import { useNodeNames } from '../../components/names'
import { each } from '../../components/notify'
import { plural } from '../../components/format'
import { isLive } from '../../components/run'
import { lookOf, runStates } from '../../components/states'
import { useSearchState } from '../../components/useSearchState'
import { JobCard } from './columns'
import { jobSearch, statuses } from './search'

type Noun = 'restores' | 'verifications' | 'drills'

interface Params {
  q?: string
  status?: string[]
  node?: string[]
  backup?: string[]
  sort: string
}

const paths = { restores: '/v1/restores', verifications: '/v1/verifications', drills: '/v1/drills' } as const

function listingOf(noun: Noun): Listing<Job, Params> {
  return {
    noun,
    fetch: (query) => must(api.GET(paths[noun], { params: { query } })),
    matches: (job, p) => anyOf(p.status, job.status) && anyOf(p.node, job.node) && anyOf(p.backup, job.backup) && hasText(p.q, job.id, job.node),
    moves: (a, b) => a.status !== b.status || a.node !== b.node,
  }
}

const listings = { restores: listingOf('restores'), verifications: listingOf('verifications'), drills: listingOf('drills') }
const nobody: ReadonlySet<string> = new Set()

interface Props {
  noun: Noun
  /** One of them, as people say it. */
  one: string
  columns: Column<Job>[]
  empty: ReactNode
}

/** A list of long work of one kind, with a drawer for each. */
export function JobList({ noun, one, columns, empty }: Props) {
  const [search, setSearch] = useSearchState(jobSearch)
  const { q, status, node, backup, sort } = search
  const params = useMemo(() => ({ q: q || undefined, status, node, backup, sort }), [q, status, node, backup, sort])
  const list = useList(listings[noun], params)
  const [selected, setSelected] = useState(nobody)
  const obstacle = useObstacle(noun === 'restores' ? 'backups:restore' : 'backups:run')
  const cancel = useCancelJob()
  const filtered = q !== '' || [status, node, backup].some((values) => values.length > 0)
  const clear = () => setSearch({ q: '', status: [], node: [], backup: [] })
  const live = list.rows.filter((job) => selected.has(job.id) && isLive(job.status))
  const stop = async () => {
    const failed = await each(live.map((job) => job.id), (n) => `${plural(n, one)} asked to stop.`, (id) => cancel(live.find((job) => job.id === id)!))
    setSelected(new Set(failed))
  }
  return (
    <div className="card card-fills">
      <FilterBar hint="Node or ID" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
        <Filter
          name="Status"
          values={status}
          choices={statuses.map((value) => ({ value, label: lookOf(runStates, value).word }))}
          onChange={(values) => setSearch({ status: statuses.filter((s) => values.includes(s)) })}
        />
        <Filter name="Node" values={node} choices={useNodeNames()} onChange={(values) => setSearch({ node: values })} />
        {backup.length > 0 && <Filter name="Backup" values={backup} choices={[]} onChange={(values) => setSearch({ backup: values })} />}
      </FilterBar>
      <DataGrid
        noun={one}
        list={list}
        columns={columns}
        card={(job) => <JobCard job={job} />}
        nameOf={(job) => `${kindWords(job)} ${job.id}`}
        sort={sort}
        onSort={(field) => setSearch({ sort: field })}
        selected={selected}
        onSelect={setSelected}
        onOpen={(job) => setSearch({ job: job.id }, { push: true })}
        opened={search.job || undefined}
        filtered={filtered}
        onClear={clear}
        empty={empty}
      />
      <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
        <BulkAction onClick={() => void stop()} obstacle={live.length === 0 ? 'None of them is at work.' : obstacle}>
          Cancel
        </BulkAction>
      </BulkBar>
      <JobDrawer noun={noun} id={search.job} onClose={() => setSearch({ job: '' }, { push: true })} />
    </div>
  )
}

function JobDrawer({ noun, id, onClose }: { noun: Noun; id: string; onClose: () => void }) {
  const query = useJob(noun, id)
  const job = id === '' ? undefined : query.data
  return (
    <Drawer opened={id !== ''} onClose={onClose} size={520} title={<span className="drawer-title">{job && <>{kindWords(job)} <JobBadge job={job} /></>}</span>}>
      {query.error && <ErrorPanel problem={asProblem(query.error)} onRetry={() => void query.refetch()} />}
      {job && (
        <div className="drawer">
          <JobState job={job} />
          <JobFacts job={job} />
        </div>
      )}
    </Drawer>
  )
}
