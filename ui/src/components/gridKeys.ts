import { useState, type KeyboardEvent } from 'react'

interface Options {
  rows: number
  /** Columns the cursor can go through in the head; 0 when there is no head. */
  columns: number
  /** Rows that a page has. */
  page: number
  cursor: number
  onMove: (index: number) => void
  onOpen: (index: number) => void
  onSelect: (index: number) => void
  onHead: (column: number) => void
  onLeave: () => void
}

/** Where a key takes the cursor, or undefined when it is not a key that moves. */
export function target(key: string, cursor: number, rows: number, page: number): number | undefined {
  const clamp = (index: number) => Math.max(0, Math.min(rows - 1, index))
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return clamp(cursor + 1)
    case 'ArrowUp':
    case 'k':
      return clamp(cursor - 1)
    case 'PageDown':
      return clamp(cursor + page)
    case 'PageUp':
      return clamp(cursor - page)
    case 'Home':
      return 0
    case 'End':
      return rows - 1
    default:
      return undefined
  }
}

/**
 * The keyboard of a grid, which is one tab stop: the cursor moves inside it.
 * Up from the first row goes to the titles, where left and right choose one.
 */
export function useGridKeys(o: Options) {
  const [head, setHead] = useState(-1)

  const inHead = (key: string): boolean => {
    if (key === 'ArrowRight') setHead(Math.min(o.columns - 1, head + 1))
    else if (key === 'ArrowLeft') setHead(Math.max(0, head - 1))
    else if (key === 'Enter' || key === ' ') o.onHead(head)
    else if (key === 'ArrowDown' || key === 'Escape') setHead(-1)
    else return false
    return true
  }

  const inRows = (key: string): boolean => {
    if ((key === 'ArrowUp' || key === 'k') && o.cursor === 0 && o.columns > 0) {
      setHead(0)
      return true
    }
    const to = target(key, o.cursor, o.rows, o.page)
    if (to !== undefined) {
      if (o.rows > 0) o.onMove(to)
    } else if (key === 'Enter' && o.cursor >= 0) o.onOpen(o.cursor)
    else if ((key === ' ' || key === 'x') && o.cursor >= 0) o.onSelect(o.cursor)
    else if (key === 'Escape') o.onLeave()
    else return false
    return true
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target instanceof HTMLInputElement && event.key === ' ') return // the box itself has the focus
    if (head >= 0 ? inHead(event.key) : inRows(event.key)) {
      event.preventDefault()
      event.stopPropagation()
    }
  }
  return { head, onKeyDown }
}
