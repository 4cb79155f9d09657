import { Button } from '@mantine/core'
import type { ReactNode } from 'react'

interface Props {
  title: string
  children?: ReactNode
  action?: string
  onAction?: () => void
  /** Why the action cannot be done. */
  obstacle?: string
}

/** What stands where nothing is: what it would be, and the one thing to do about it. */
export function Empty({ title, children, action, onAction, obstacle }: Props) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children && <p className="empty-text">{children}</p>}
      {action && (
        <Button variant="default" onClick={onAction} disabled={obstacle !== undefined} title={obstacle}>
          {action}
        </Button>
      )}
    </div>
  )
}
