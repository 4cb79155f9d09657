import type { ServerObject } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { bytes, percent } from '../../components/format'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, runStates, switchStates } from '../../components/states'
import type { ObjectKind } from './search'

type Col = Column<ServerObject>

const muted = (text: string) => (text ? text : <span className="cell-muted">–</span>)

/** A state of an object: what came of a run, or a word of the server itself. */
export function ObjectState({ object }: { object: ServerObject }) {
  if (object.status === '') return <span className="cell-muted">–</span>
  return <StateBadge look={lookOf(runStates, object.status)} />
}

function Enabled({ object }: { object: ServerObject }) {
  return <StateBadge look={lookOf(switchStates, object.enabled ? 'enabled' : 'disabled')} />
}

/** How full a datastore is, when the server says so. */
export function fullness(shown: ServerObject['shown']): string {
  const { used, total } = shown as { used?: unknown; total?: unknown }
  if (typeof used !== 'number' || typeof total !== 'number' || total <= 0) return ''
  return `${bytes(used)} of ${bytes(total)}, ${percent(used, total)}`
}

const name: Col = { id: 'name', title: 'Name', width: 'minmax(160px, 1.5fr)', sort: 'name', cell: (o) => <b className="cell-name"><span>{o.name}</span></b> }
const enabled: Col = { id: 'enabled', title: 'Enabled', width: '112px', cell: (o) => <Enabled object={o} /> }
const state: Col = { id: 'status', title: 'Status', width: '124px', sort: 'status', cell: (o) => <ObjectState object={o} /> }
const comment: Col = { id: 'comment', title: 'Comment', width: 'minmax(160px, 2fr)', cell: (o) => muted(o.comment) }
const parent = (title: string): Col => ({ id: 'parent', title, width: 'minmax(120px, 1fr)', sort: 'parent', cell: (o) => muted(o.parent) })
const seen: Col = { id: 'seen', title: 'Changed', width: '104px', cell: (o) => <span className="cell-muted cell-number"><Ago at={o.updated_at} /></span> }

/** The columns of each kind of object. */
export const objectColumns: Record<ObjectKind, Col[]> = {
  user: [name, enabled, { id: 'groups', title: 'Groups', width: 'minmax(160px, 1.5fr)', cell: (o) => muted(o.groups.join(', ')) }, comment, seen],
  group: [name, enabled, comment, seen],
  acl: [name, { id: 'rights', title: 'Who may', width: 'minmax(240px, 3fr)', cell: (o) => muted(o.rights.join(', ')) }, seen],
  client: [name, enabled, parent('Location'), comment, seen],
  task: [name, state, enabled, parent('Client'), comment, seen],
  schedule: [name, enabled, comment, seen],
  datastore: [name, state, { id: 'used', title: 'Used', width: 'minmax(180px, 1.5fr)', cell: (o) => muted(fullness(o.shown)) }, comment, seen],
  result: [
    name,
    state,
    parent('Task'),
    { id: 'at', title: 'Began', width: '104px', sort: 'at', cell: (o) => <span className="cell-muted cell-number"><Ago at={o.at} /></span> },
    comment,
  ],
}

/** An object on a phone. */
export function ObjectCard({ object }: { object: ServerObject }) {
  return (
    <>
      <span className="card-name">{object.name}</span>
      <span>{object.status ? <ObjectState object={object} /> : <Enabled object={object} />}</span>
      <span className="card-note">{[object.parent, object.groups.join(', '), object.comment].filter(Boolean).join(' · ')}</span>
      <span className="card-side">
        <Ago at={object.at ?? object.updated_at} />
      </span>
    </>
  )
}
