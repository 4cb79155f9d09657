import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Target } from './alerts'

const pages = {
  nodes: '/nodes',
  backups: '/backups',
  tasks: '/tasks',
  clients: '/clients',
  repositories: '/repositories',
  approvals: '/approvals',
  cluster: '/cluster',
} as const

/** Leads to where something that is wrong can be looked at. */
export function TargetLink({ to, className, children }: { to: Target; className?: string; children: ReactNode }) {
  if (to.page === 'backup') {
    return (
      <Link to="/backups/$id" params={{ id: to.id ?? '' }} className={className}>
        {children}
      </Link>
    )
  }
  return (
    <Link to={pages[to.page]} search={to.search ?? {}} className={className}>
      {children}
    </Link>
  )
}
