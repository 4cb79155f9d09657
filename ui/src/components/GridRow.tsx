import { memo, type ReactNode } from 'react'
import type { Column } from './DataGrid'

interface Props<T> {
  id: string
  row: T | undefined
  index: number
  top: number
  height: number
  columns: Column<T>[]
  card: ((row: T) => ReactNode) | undefined
  nameOf: (row: T) => string
  current: boolean
  opened: boolean
  gone: boolean
  selectable: boolean
  selected: boolean
  onToggle: (row: T) => void
  onOpen: (row: T) => void
}

type Marks = Record<'selected' | 'current' | 'opened' | 'gone', boolean>

function classes(props: Marks): string {
  const names = ['grid-row']
  if (props.selected) names.push('is-selected')
  if (props.current) names.push('is-current')
  if (props.opened) names.push('is-opened')
  if (props.gone) names.push('is-gone')
  return names.join(' ')
}

/** One line of a grid: cells, or a card on a phone, or bars while it is being loaded. */
function Row<T extends { id: string }>(props: Props<T>) {
  const { row, columns, card } = props
  const place = { height: props.height, transform: `translateY(${props.top}px)` }
  if (!row) {
    return (
      <div role="row" id={props.id} aria-rowindex={props.index + 2} className="grid-row" style={place}>
        {props.selectable && <span role="gridcell" />}
        {columns.map((column) => (
          <span key={column.id} role="gridcell" className="skeleton" aria-label="Loading" />
        ))}
      </div>
    )
  }
  return (
    <div
      role="row"
      id={props.id}
      data-id={row.id}
      aria-rowindex={props.index + 2}
      aria-selected={props.selectable ? props.selected : undefined}
      className={`${classes(props)}${card ? ' grid-card' : ''}${props.selectable ? '' : ' is-plain'}`}
      style={place}
      onClick={() => props.onOpen(row)}
    >
      {props.selectable && (
        <span role="gridcell" className="grid-box" onClick={(e) => e.stopPropagation()}>
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={`Select ${props.nameOf(row)}`}
            checked={props.selected}
            onChange={() => props.onToggle(row)}
          />
        </span>
      )}
      {card ? (
        <span role="gridcell" className="grid-card-body">
          {card(row)}
        </span>
      ) : (
        columns.map((column) => (
          <span key={column.id} role="gridcell" className="grid-cell" data-column={column.id}>
            {column.cell(row)}
          </span>
        ))
      )}
    </div>
  )
}

export const GridRow = memo(Row, (a, b) =>
  (Object.keys(a) as (keyof typeof a)[]).every((key) => key === 'onToggle' || key === 'onOpen' || a[key] === b[key]),
) as typeof Row
