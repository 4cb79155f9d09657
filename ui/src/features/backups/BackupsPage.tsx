import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { api, must } from '../../api/client'
import { anyOf, hasText, useList, type Listing } from '../../api/list'
import { useLiveWord } from '../../api/live'
import { useObstacle, useStats } from '../../api/session'
import type { Backup } from '../../api/types'
import { Action } from '../../components/Action'
import { BulkAction, BulkBar } from '../../components/BulkBar'
import { DataGrid } from '../../components/DataGrid'
import { DayFilter } from '../../components/DayFilter'
import { dayRange } from '../../components/days'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar } from '../../components/FilterBar'
import { count, plural, sentence } from '../../components/format'
import { IconPlus } from '../../components/icons'
import { Page } from '../../components/Page'
import { lookOf, runStates } from '../../components/states'
import { useSearchState } from '../../components/useSearchState'
import { BackupCard, backupColumns } from './columns'
import { CancelDialog, DeleteDialog } from './dialogs'
import { useClientNames, useNodeNames, useTaskNames } from '../../components/names'
import { RunDialog } from './RunDialog'
import { isLive, titleOf } from '../../components/run'
import { backupSearch, statuses } from './search'
import './backups.css'

interface Params {
  q?: string
  status?: string[]
  client?: string[]
  task?: string[]
  node?: string[]
  from?: string[]
  to?: string[]
  sort: string
}

const listing: Listing<Backup, Params> = {
  noun: 'backups',
  fetch: (query) => must(api.GET('/v1/backups', { params: { query } })),
  matches: (backup, p) =>
    anyOf(p.status, backup.status) &&
    anyOf(p.client, backup.client) &&
    anyOf(p.task, backup.task) &&
    anyOf(p.node, backup.node) &&
    hasText(p.q, backup.id, backup.task, backup.client, backup.node),
  moves: (a, b) => a.status !== b.status || a.node !== b.node,
}

const nobody: ReadonlySet<string> = new Set()

/** All backups: what runs, what is stored, what failed. */
export function BackupsPage() {
  const [search, setSearch] = useSearchState(backupSearch)
  const { q, status, client, task, node, from, to, sort } = search
  const params = useMemo(
    () => ({ q: q || undefined, status, client, task, node, ...dayRange(from, to), sort }),
    [q, status, client, task, node, from, to, sort],
  )
  const list = useList(listing, params)
  const navigate = useNavigate()
  const [selected, setSelected] = useState(nobody)
  const [deleting, setDeleting] = useState<Backup[]>([])
  const [cancelling, setCancelling] = useState<Backup[]>([])
  const mayRun = useObstacle('backups:run')
  const mayDelete = useObstacle('backups:delete')
  const stats = useStats().data
  const filtered = q + from + to !== '' || [status, client, task, node].some((values) => values.length > 0)
  const clear = () => setSearch({ q: '', status: [], client: [], task: [], node: [], from: '', to: '' })
  const chosen = list.rows.filter((backup) => selected.has(backup.id))
  const live = chosen.filter((backup) => isLive(backup.status))
  const over = chosen.filter((backup) => !isLive(backup.status) && backup.status !== 'deleted')
  const running = stats?.backups.running ?? 0
  const word = useLiveWord()

  return (
    <Page
      title="Backups"
      note={running > 0 ? `${count(running)} running, ${word}` : sentence(word)}
      actions={
        <Action
          variant="filled"
          leftSection={<IconPlus size={16} />}
          onClick={() => setSearch({ run: '?' }, { push: true })}
          obstacle={mayRun}
        >
          Run backup
        </Action>
      }
      fills
    >
      <div className="card card-fills">
        <FilterBar hint="Task, client, node or ID" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={clear}>
          <Filter
            name="Status"
            values={status}
            choices={statuses.map((value) => ({
              value,
              label: lookOf(runStates, value).word,
              count: stats && (stats.backups.by_status[value] ?? 0),
            }))}
            onChange={(values) => setSearch({ status: statuses.filter((s) => values.includes(s)) })}
          />
          <Filter name="Task" values={task} choices={useTaskNames()} onChange={(values) => setSearch({ task: values })} />
          <Filter name="Client" values={client} choices={useClientNames()} onChange={(values) => setSearch({ client: values })} />
          <Filter name="Node" values={node} choices={useNodeNames()} onChange={(values) => setSearch({ node: values })} />
          <DayFilter from={from} to={to} onChange={setSearch} />
        </FilterBar>
        <DataGrid
          noun="backup"
          list={list}
          columns={backupColumns}
          card={(backup) => <BackupCard backup={backup} />}
          nameOf={(backup) => `${titleOf(backup)} ${backup.id}`}
          sort={sort}
          onSort={(field) => setSearch({ sort: field })}
          selected={selected}
          onSelect={setSelected}
          onOpen={(backup) => void navigate({ to: '/backups/$id', params: { id: backup.id } })}
          filtered={filtered}
          onClear={clear}
          empty={
            <Empty title="No backups yet" action="Run backup" onAction={() => setSearch({ run: '?' }, { push: true })} obstacle={mayRun}>
              A backup is one run of a task, and what it stored.
            </Empty>
          }
        />
        <BulkBar selected={selected.size} onClear={() => setSelected(nobody)}>
          {live.length > 0 && (
            <BulkAction onClick={() => setCancelling(live)} obstacle={mayRun}>
              Cancel {plural(live.length, 'run')}
            </BulkAction>
          )}
          <BulkAction danger onClick={() => setDeleting(over)} obstacle={over.length === 0 ? 'None of them has ended.' : mayDelete}>
            Delete
          </BulkAction>
        </BulkBar>
      </div>
      <RunDialog task={search.run} onClose={() => setSearch({ run: '' }, { push: true })} />
      <DeleteDialog backups={deleting} onClose={() => setDeleting([])} onDone={(failed) => setSelected(new Set(failed))} />
      <CancelDialog backups={cancelling} onClose={() => setCancelling([])} onDone={(failed) => setSelected(new Set(failed))} />
    </Page>
  )
}
