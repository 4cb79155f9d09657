import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import type { List } from '../api/list'
import { Empty } from './Empty'
import { ErrorPanel } from './ErrorPanel'
import { count, many, plural } from './format'
import { GridHead, nextSort } from './GridHead'
import { GridRow } from './GridRow'
import { useGridKeys } from './gridKeys'
import { useDelayed, useNarrow } from './hooks'
import './grid.css'

/** One column. */
export interface Column<T> {
  id: string
  title: string
  /** A track of CSS grid. */
  width: string
  /** The field of the API to sort by; a column without one does not sort. */
  sort?: string
  cell: (row: T) => ReactNode
}

interface Props<T extends { id: string }> {
  /** What the rows are, in the singular. */
  noun: string
  list: List<T>
  columns: Column<T>[]
  /** The row on a phone, beside the box to select it. */
  card: (row: T) => ReactNode
  nameOf: (row: T) => string
  sort: string
  onSort: (sort: string) => void
  /** Rows can be selected where there is something to do with many. */
  selected?: ReadonlySet<string>
  onSelect?: (selected: ReadonlySet<string>) => void
  onOpen: (row: T) => void
  /** Id of the row whose drawer is open. */
  opened?: string
  filtered: boolean
  onClear: () => void
  /** What to show when there are none at all. */
  empty: ReactNode
}

/** Browsers cap the height of an element; rows beyond are reached by filtering. */
const mostRows = 250_000

const nobody: ReadonlySet<string> = new Set()

/**
 * A table of any length. Only the rows in sight are in the document; the others
 * are loaded when scrolled to. The height is that of all rows from the start
 * and never depends on what is being loaded.
 */
export function DataGrid<T extends { id: string }>(props: Props<T>) {
  const { list, columns, noun, selected = nobody, onSelect } = props
  const narrow = useNarrow()
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const [cursor, setCursor] = useState(-1)
  const height = narrow ? 68 : 42
  const rows = Math.min(list.total, mostRows)
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
    scrollPaddingStart: narrow ? 0 : 36,
  })
  useEffect(() => virtual.measure(), [virtual, height])

  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  const { reach } = list
  useEffect(() => reach(last), [reach, last])

  const toggle = (row: T) => {
    const next = new Set(selected)
    if (!next.delete(row.id)) next.add(row.id)
    onSelect?.(next)
  }
  const keys = useGridKeys({
    rows,
    columns: narrow ? 0 : columns.length,
    page: Math.max(1, Math.floor((scroller.current?.clientHeight ?? 420) / height) - 2),
    cursor,
    onMove: (index) => {
      setCursor(index)
      if (index >= 0) virtual.scrollToIndex(index)
    },
    onOpen: (index) => list.rows[index] && props.onOpen(list.rows[index]),
    onSelect: (index) => list.rows[index] && toggle(list.rows[index]),
    onHead: (index) => {
      const field = columns[index]?.sort
      if (field) props.onSort(nextSort(props.sort, field))
    },
    onLeave: () => (selected.size > 0 ? onSelect?.(nobody) : setCursor(-1)),
  })
  // Only a row that is in the document can be pointed at: a filter may have taken it away.
  const pointed = items.some((item) => item.index === cursor) ? `${id}-r${cursor}` : undefined
  const active = keys.head >= 0 ? `${id}-h${keys.head}` : pointed

  const slow = useDelayed(list.loading, 150)
  const template = { '--columns': [...(onSelect ? ['26px'] : []), ...columns.map((c) => c.width)].join(' '), '--least': narrow ? '0' : '1000px' } as React.CSSProperties
  return (
    <div className="grid-frame" style={template}>
      <div
        ref={scroller}
        className={list.stale ? 'grid grid-stale' : 'grid'}
        role="grid"
        tabIndex={0}
        aria-label={many(noun)}
        aria-rowcount={list.total + 1}
        aria-colcount={columns.length + (onSelect ? 1 : 0)}
        aria-multiselectable={onSelect ? 'true' : undefined}
        aria-activedescendant={active}
        aria-busy={list.loading || list.stale}
        onKeyDown={keys.onKeyDown}
        onFocus={() => list.hold(true)}
        onBlur={() => list.hold(false)}
        onPointerEnter={() => list.hold(true)}
        onPointerLeave={(e) => list.hold(e.currentTarget.contains(document.activeElement))}
      >
        <GridHead id={id} columns={columns} sort={props.sort} onSort={props.onSort} head={keys.head} hidden={narrow} selectable={onSelect !== undefined} />
        <div className="grid-body" role="rowgroup" style={{ height: rows * height }}>
          {items.map((item) => (
            <GridRow
              key={item.key}
              id={`${id}-r${item.index}`}
              row={list.rows[item.index]}
              index={item.index}
              top={item.start}
              height={height}
              columns={columns}
              card={narrow ? props.card : undefined}
              nameOf={props.nameOf}
              current={item.index === cursor && keys.head < 0}
              opened={list.rows[item.index]?.id === props.opened}
              gone={list.gone.has(list.rows[item.index]?.id ?? '')}
              selectable={onSelect !== undefined}
              selected={selected.has(list.rows[item.index]?.id ?? '')}
              onToggle={toggle}
              onOpen={(row) => {
                setCursor(item.index)
                props.onOpen(row)
              }}
            />
          ))}
        </div>
        {slow && <Skeletons columns={columns.length} height={height} selectable={onSelect !== undefined} />}
      </div>
      {!list.loading && list.total === 0 && !list.problem && (
        <div className="grid-over">
          {props.filtered ? (
            <Empty title={`No ${noun} matches these filters`} action="Clear filters" onAction={props.onClear} />
          ) : (
            props.empty
          )}
        </div>
      )}
      {list.problem && (
        <div className={list.rows.length === 0 ? 'grid-over' : 'grid-problem'}>
          <ErrorPanel problem={list.problem} onRetry={list.refresh} />
        </div>
      )}
      <GridFoot noun={noun} list={list} first={virtual.range?.startIndex ?? 0} last={virtual.range?.endIndex ?? 0} selectable={onSelect !== undefined} />
    </div>
  )
}

function Skeletons({ columns, height, selectable }: { columns: number; height: number; selectable: boolean }) {
  return (
    <div className="grid-skeletons" aria-hidden="true">
      {Array.from({ length: 12 }, (_, row) => (
        <div key={row} className="grid-row" style={{ height }}>
          {selectable && <span />}
          {Array.from({ length: columns }, (_, column) => (
            <span key={column} className="skeleton" />
          ))}
        </div>
      ))}
    </div>
  )
}

interface FootProps {
  noun: string
  list: List<unknown>
  first: number
  last: number
  selectable: boolean
}

function GridFoot({ noun, list, first, last, selectable }: FootProps) {
  const shown = Math.min(last + 1, list.total)
  return (
    <div className="grid-foot">
      <span role="status">
        {list.total > 0 && `${count(first + 1)} to ${count(shown)} of ${plural(list.total, noun)}`}
        {list.total > mostRows && `, the first ${count(mostRows)} can be scrolled to`}
      </span>
      {list.moved > 0 && (
        <button type="button" className="grid-moved" onClick={list.refresh}>
          {plural(list.moved, 'change')}, refresh
        </button>
      )}
      <span className="grid-hints" aria-hidden="true">
        <kbd>↑</kbd> <kbd>↓</kbd> move <kbd>Enter</kbd> open {selectable && <><kbd>Space</kbd> select </>}
        <kbd>/</kbd> search
      </span>
    </div>
  )
}
