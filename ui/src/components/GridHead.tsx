import type { Column } from './DataGrid'
import { IconArrowDown, IconArrowUp } from './icons'

interface Props<T> {
  id: string
  columns: Column<T>[]
  sort: string
  onSort: (sort: string) => void
  /** The column under the cursor, or -1. */
  head: number
  hidden: boolean
  selectable: boolean
}

/** The same field again turns the order round. */
export function nextSort(sort: string, field: string): string {
  return sort === field ? `-${field}` : field
}

function order(sort: string, field: string | undefined): 'ascending' | 'descending' | 'none' | undefined {
  if (!field) return undefined
  if (sort === field) return 'ascending'
  return sort === `-${field}` ? 'descending' : 'none'
}

/** The line of titles. A click on one sorts by it; so does Enter when the cursor is up there. */
export function GridHead<T>({ id, columns, sort, onSort, head, hidden, selectable }: Props<T>) {
  return (
    <div role="rowgroup" className={hidden ? 'grid-head visually-hidden' : 'grid-head'}>
      <div role="row" className="grid-row grid-titles" aria-rowindex={1}>
        {selectable && (
          <span role="columnheader" className="grid-box">
            <span className="visually-hidden">Selected</span>
          </span>
        )}
        {columns.map((column, index) => {
          const now = order(sort, column.sort)
          const sorted = now === 'ascending' || now === 'descending'
          return (
            <span
              key={column.id}
              id={`${id}-h${index}`}
              role="columnheader"
              aria-sort={now}
              className={`grid-title${sorted ? ' is-sorted' : ''}${index === head ? ' is-current' : ''}`}
            >
              {column.sort ? (
                <button type="button" tabIndex={-1} onClick={() => onSort(nextSort(sort, column.sort!))}>
                  {column.title}
                  {now === 'ascending' && <IconArrowUp size={14} aria-hidden="true" />}
                  {now === 'descending' && <IconArrowDown size={14} aria-hidden="true" />}
                </button>
              ) : (
                column.title
              )}
            </span>
          )
        })}
      </div>
    </div>
  )
}
