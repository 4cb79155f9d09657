import { Button, Select, TextInput } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { useObstacle } from '../../api/session'
import type { FoundFile } from '../../api/types'
import { DayFilter } from '../../components/DayFilter'
import { moment } from '../../components/days'
import { Empty } from '../../components/Empty'
import { ErrorPanel } from '../../components/ErrorPanel'
import { bytes, count, dateTime, plural } from '../../components/format'
import { IconFile, IconFolder, IconSearch } from '../../components/icons'
import { useClientNames, useTaskNames } from '../../components/names'
import { Page } from '../../components/Page'
import { useSearchState } from '../../components/useSearchState'
import { HistoryDrawer } from './HistoryDrawer'
import { folderOf } from './paths'
import { RestoreDialog } from './RestoreDialog'
import { findSearch } from './search'
import './backups.css'

const pageSize = 100

interface Asked {
  client: string
  task: string
  name: string
  from: string
  to: string
}

/** Looks through the backups of a client, page by page. */
function useFound({ client, task, name, from, to }: Asked) {
  return useInfiniteQuery({
    queryKey: ['backups', 'find', client, task, name, from, to],
    queryFn: ({ pageParam }) => {
      const query = { name, limit: pageSize, ...(task && { task }), ...(from && { from: moment(from, false)[0] }), ...(to && { to: moment(to, true)[0] }), ...(pageParam && { next: pageParam }) }
      return must(api.GET('/v1/clients/{client}/files', { params: { path: { client }, query } }))
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next || undefined,
    enabled: client !== '' && name !== '',
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })
}

/** Finds a file by its name in all backups of a client. */
export function FindPage() {
  const [search, setSearch] = useSearchState(findSearch)
  const { client, task, name, from, to, path } = search
  const clients = useClientNames()
  const tasks = useTaskNames()
  const found = useFound(search)
  const [restoring, setRestoring] = useState<FoundFile>()
  const [typed, setTyped] = useState(name)
  useEffect(() => setTyped(name), [name])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setSearch({ name: typed.trim() }, { push: true })
  }
  const first = found.data?.pages[0]
  const rows = found.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Page title="Find a file" note="By its name, in all backups of a client">
      <section className="card files" aria-label="Files found">
        <form className="find" role="search" onSubmit={submit}>
          <Select label="Client" placeholder="Whose file" data={clients.map((c) => c.value)} value={client || null} onChange={(value) => setSearch({ client: value ?? '' })} searchable />
          <TextInput label="Name" placeholder="A part, or a pattern such as *.sql" value={typed} onChange={(e) => setTyped(e.currentTarget.value)} spellCheck={false} autoComplete="off" />
          <Select label="Task" placeholder="Any" data={tasks.map((t) => t.value)} value={task || null} onChange={(value) => setSearch({ task: value ?? '' })} clearable clearButtonProps={{ 'aria-label': 'Any task' }} searchable />
          <DayFilter from={from} to={to} onChange={setSearch} />
          <Button type="submit" leftSection={<IconSearch size={15} />} disabled={client === '' || typed.trim() === ''} loading={found.isFetching}>
            Find
          </Button>
        </form>
        {found.error && <ErrorPanel problem={asProblem(found.error)} onRetry={() => void found.refetch()} />}
        {(client === '' || name === '') && <Empty title="What is looked for?">Choose whose file it is, and type a part of its name. Case does not matter.</Empty>}
        {first && rows.length === 0 && <Empty title={`Nothing is called like “${name}”`}>{searchedWords(first)}</Empty>}
        {rows.length > 0 && <Found rows={rows} onHistory={(row) => setSearch({ path: row.path }, { push: true })} onRestore={setRestoring} />}
        {first && rows.length > 0 && (
          <p className="files-foot">
            {plural(first.total, 'file')} found. {searchedWords(first)}{' '}
            {found.hasNextPage && (
              <Button variant="default" onClick={() => void found.fetchNextPage()} loading={found.isFetchingNextPage}>
                Show more
              </Button>
            )}
          </p>
        )}
      </section>
      <HistoryDrawer client={client} task={task} path={path} onClose={() => setSearch({ path: '' }, { push: true })} />
      <RestoreDialog backup={restoring?.backup ?? ''} paths={restoring ? [restoring.path] : []} onClose={() => setRestoring(undefined)} />
    </Page>
  )
}

/** How far the search came. */
export function searchedWords(found: { backups: number; searched: number; partial: boolean }): string {
  const all = `${count(found.searched)} of ${plural(found.backups, 'backup')} searched`
  return found.partial ? `${all}; there may be more: type more of the name, or choose fewer days.` : `${all}.`
}

interface FoundProps {
  rows: FoundFile[]
  onHistory: (row: FoundFile) => void
  onRestore: (row: FoundFile) => void
}

function Found({ rows, onHistory, onRestore }: FoundProps) {
  const mayRestore = useObstacle('backups:restore')
  return (
    <table className="file-table find-table">
      <thead>
        <tr>
          <th scope="col">Path</th>
          <th scope="col">Size</th>
          <th scope="col">Modified</th>
          <th scope="col">Newest backup with it</th>
          <th scope="col">
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const Icon = row.type === 'directory' ? IconFolder : IconFile
          return (
            <tr key={`${row.backup}${row.path}`}>
              <td>
                <span className="cell-name">
                  <Icon size={16} stroke={1.6} aria-hidden="true" />
                  <Link to="/backups/$id/browse" params={{ id: row.backup }} search={{ path: row.type === 'directory' ? row.path : folderOf(row.path) }}>
                    {row.path}
                  </Link>
                </span>
              </td>
              <td className="cell-number">{row.type === 'file' ? bytes(row.size) : '–'}</td>
              <td className="cell-muted cell-number">{dateTime(row.modified_at)}</td>
              <td className="cell-muted cell-number">
                {dateTime(row.started_at)}
                {row.unchanged > 0 && `, the same in ${plural(row.unchanged, 'other')}`}
              </td>
              <td className="row-actions">
                {row.type === 'file' && (
                  <Button variant="default" size="compact-xs" onClick={() => onHistory(row)}>
                    History
                  </Button>
                )}
                <Button variant="default" size="compact-xs" onClick={() => onRestore(row)} disabled={mayRestore !== undefined} title={mayRestore}>
                  Restore
                </Button>
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
