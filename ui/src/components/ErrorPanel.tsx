import { Button } from '@mantine/core'
import type { Problem } from '../api/problem'
import { IconError } from './icons'

/** A part of the page that could not be loaded. The rest of the page goes on. */
export function ErrorPanel({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  return (
    <div className="error-panel" role="alert">
      <IconError size={18} aria-hidden="true" />
      <div>
        <p className="error-text">{problem.message}</p>
        {problem.requestId && <p className="error-id">Request {problem.requestId}</p>}
      </div>
      {onRetry && (
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}
