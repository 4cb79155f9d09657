import type { Assignment, Client } from '../../api/types'
import { Ago } from '../../components/Ago'
import type { Column } from '../../components/DataGrid'
import { IconClients } from '../../components/icons'
import { OriginLink } from '../../components/OriginLink'
import { useAssignments, copiesWords } from './hooks'

const none = <span className="cell-muted">–</span>

/** How many complete copies there are of a client's data; too few stand out. */
export function Copies({ assignment }: { assignment: Assignment | undefined }) {
  const { text, short } = copiesWords(assignment)
  return <span className={short ? 'cell-warn' : assignment ? undefined : 'cell-muted'}>{text}</span>
}

function AssignedCell({ client, part }: { client: Client; part: 'managers' | 'storages' }) {
  const names = useAssignments().get(client.name)?.[part] ?? []
  return names.length > 0 ? <>{names.join(', ')}</> : none
}

function CopiesCell({ client }: { client: Client }) {
  return <Copies assignment={useAssignments().get(client.name)} />
}

/** The columns of the list of clients. */
export const clientColumns: Column<Client>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(150px, 1.3fr)',
    sort: 'name',
    cell: (client) => (
      <span className="cell-name">
        <IconClients size={16} stroke={1.6} aria-hidden="true" />
        <span>{client.name}</span>
        {client.origin !== 'cluster' && <OriginLink origin={client.origin} />}
      </span>
    ),
  },
  { id: 'copies', title: 'Copies', width: '130px', cell: (client) => <CopiesCell client={client} /> },
  { id: 'managers', title: 'Backed up by', width: 'minmax(120px, 1.2fr)', cell: (client) => <AssignedCell client={client} part="managers" /> },
  { id: 'storages', title: 'Kept on', width: 'minmax(120px, 1.2fr)', cell: (client) => <AssignedCell client={client} part="storages" /> },
  { id: 'repository', title: 'Repository', width: 'minmax(110px, 1fr)', cell: (client) => client.repository },
  { id: 'address', title: 'Address', width: 'minmax(110px, 1fr)', sort: 'address', cell: (client) => <span className="cell-mono">{client.address || '–'}</span> },
  {
    id: 'created',
    title: 'Made',
    width: '92px',
    sort: 'created_at',
    cell: (client) => (
      <span className="cell-muted cell-number">
        <Ago at={client.created_at} />
      </span>
    ),
  },
]

/** A client on a phone. */
export function ClientCard({ client }: { client: Client }) {
  return (
    <>
      <span className="card-name">{client.name}</span>
      <span className="card-side">
        <Ago at={client.created_at} />
      </span>
      <span className="card-note">
        <AssignedCell client={client} part="storages" />
      </span>
      <span className="card-side">
        <CopiesCell client={client} />
      </span>
    </>
  )
}
