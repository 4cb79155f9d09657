import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { anyOf, hasText } from '../../api/list'
import { asProblem } from '../../api/problem'
import { useAlerts } from '../../api/session'
import type { Alert } from '../../api/types'
import { Ago } from '../../components/Ago'
import { alertKind, sayingOf, targetOf } from '../../components/alerts'
import { DataGrid, type Column } from '../../components/DataGrid'
import { Empty } from '../../components/Empty'
import { Filter, FilterBar } from '../../components/FilterBar'
import { fixedList } from '../../components/fixedList'
import { plural, sentence } from '../../components/format'
import { Page } from '../../components/Page'
import { StateBadge } from '../../components/StateBadge'
import { alertStates, lookOf } from '../../components/states'
import { TargetLink } from '../../components/TargetLink'
import { useSearchState } from '../../components/useSearchState'
import { alertSearch, severities } from './search'

type Row = Alert & { id: string }

function Severity({ alert }: { alert: Alert }) {
  return <StateBadge look={lookOf(alertStates, alert.severity)} />
}

const columns: Column<Row>[] = [
  { id: 'severity', title: 'Severity', width: '104px', cell: (alert) => <Severity alert={alert} /> },
  { id: 'kind', title: 'What', width: 'minmax(140px, 1fr)', cell: (alert) => alertKind(alert.kind) },
  {
    id: 'text',
    title: 'In words',
    width: 'minmax(280px, 4fr)',
    cell: (alert) => <span title={alert.text}>{sayingOf(alert)}</span>,
  },
  {
    id: 'object',
    title: 'About',
    width: 'minmax(120px, 1fr)',
    cell: (alert) => (
      <TargetLink to={targetOf(alert)} className="plain-link">
        {alert.object.name || sentence(alert.object.kind)}
      </TargetLink>
    ),
  },
  { id: 'since', title: 'Since', width: '92px', cell: (alert) => <span className="cell-muted cell-number"><Ago at={alert.since} /></span> },
]

function Card({ alert }: { alert: Row }) {
  return (
    <>
      <span className="card-name">{sayingOf(alert)}</span>
      <span>
        <Severity alert={alert} />
      </span>
      <span className="card-note">{alertKind(alert.kind)}</span>
      <span className="card-side">
        <Ago at={alert.since} />
      </span>
    </>
  )
}

const clean = { q: '', severity: [], kind: [] }

/** What is wrong now, the worst first. An alert goes by itself when its cause does. */
export function AlertsPage() {
  const [search, setSearch] = useSearchState(alertSearch)
  const { q, severity, kind } = search
  const navigate = useNavigate()
  const alerts = useAlerts()
  const all = useMemo(
    () => alerts.data?.items.map((alert): Row => ({ ...alert, id: `${alert.kind}/${alert.object.kind}/${alert.object.id}` })),
    [alerts.data],
  )
  const rows = useMemo(
    () => all?.filter((a) => anyOf(severity, a.severity) && anyOf(kind, a.kind) && hasText(q, a.text, a.object.name, a.kind)),
    [all, q, severity, kind],
  )
  const list = fixedList({ rows, problem: alerts.error ? asProblem(alerts.error) : undefined, refresh: () => void alerts.refetch() })
  const filtered = q !== '' || severity.length > 0 || kind.length > 0
  const kinds = [...new Set(all?.map((alert) => alert.kind))].sort()
  const countOf = (of: (alert: Row) => boolean) => all?.filter(of).length
  const open = (alert: Row) => {
    const to = targetOf(alert)
    void (to.page === 'backup' ? navigate({ to: '/backups/$id', params: { id: to.id ?? '' } }) : navigate({ to: `/${to.page}`, search: to.search ?? {} }))
  }
  return (
    <Page title="Alerts" note={all ? `${all.length === 0 ? 'Nothing is wrong' : `${plural(all.length, 'alert')}, the worst first`}; each goes when its cause does` : ''} fills>
      <div className="card card-fills">
        <FilterBar hint="Text, object or kind" text={q} onText={(text) => setSearch({ q: text })} filtered={filtered} onClear={() => setSearch(clean)}>
          <Filter
            name="Severity"
            values={severity}
            choices={severities.map((value) => ({ value, label: sentence(value), count: countOf((a) => a.severity === value) }))}
            onChange={(values) => setSearch({ severity: severities.filter((s) => values.includes(s)) })}
          />
          <Filter
            name="What"
            values={kind}
            choices={kinds.map((value) => ({ value, label: alertKind(value), count: countOf((a) => a.kind === value) }))}
            onChange={(values) => setSearch({ kind: values })}
          />
        </FilterBar>
        <DataGrid
          noun="alert"
          list={list}
          columns={columns}
          card={(alert) => <Card alert={alert} />}
          nameOf={(alert) => alert.text}
          sort=""
          onSort={() => {}}
          onOpen={open}
          filtered={filtered}
          onClear={() => setSearch(clean)}
          empty={<Empty title="Nothing is wrong">What needs somebody stands here as soon as the cluster knows of it.</Empty>}
        />
      </div>
    </Page>
  )
}
