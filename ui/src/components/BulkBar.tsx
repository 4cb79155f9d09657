import type { ReactNode } from 'react'
import { count } from './format'
import { IconX } from './icons'

/** The bar over the foot of a grid while rows are selected. */
export function BulkBar({ selected, onClear, children }: { selected: number; onClear: () => void; children: ReactNode }) {
  if (selected === 0) return null
  return (
    <div className="bulk" role="region" aria-label="Selected rows">
      <span className="bulk-count">{count(selected)} selected</span>
      {children}
      <button type="button" aria-label="Clear the selection" onClick={onClear}>
        <IconX size={16} />
      </button>
    </div>
  )
}

interface ActionProps {
  children: ReactNode
  onClick: () => void
  obstacle?: string
  danger?: boolean
}

/** One thing to do with all selected rows. */
export function BulkAction({ children, onClick, obstacle, danger }: ActionProps) {
  return (
    <button
      type="button"
      className={danger ? 'is-danger' : undefined}
      aria-disabled={obstacle !== undefined}
      title={obstacle}
      onClick={() => obstacle === undefined && onClick()}
    >
      {children}
    </button>
  )
}
