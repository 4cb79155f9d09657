import { useNavigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { useObstacle } from '../../api/session'
import type { Node, SesamServer } from '../../api/types'
import { Action } from '../../components/Action'
import { Code } from '../../components/Details'
import { sentence } from '../../components/format'
import { CertificateDialog } from './CertificateDialog'
import { ManageDialog, StandaloneDialog } from './ManageDialog'
import { ServerSettings, policyWords } from './ServerSettings'
import { spaced } from './certificate'
import './servers.css'

const capabilities: Record<string, string> = {
  users: 'its users',
  groups: 'its groups',
  acls: 'its access lists',
  'cluster-mode': 'to say on the server that it is managed',
}

/** What a server cannot do, in words. */
export function lackWords(capability: string): string {
  return capabilities[capability] ?? capability
}

/** What can be done with a SEP sesam server, beside what can be done with all nodes. */
export function ServerActions({ node, server }: { node: Node; server: SesamServer }) {
  const navigate = useNavigate()
  const mayWrite = useObstacle('nodes:write')
  const mayData = useObstacle('data:read')
  const [open, setOpen] = useState<'manage' | 'standalone' | 'settings' | 'certificate'>()
  const close = () => setOpen(undefined)
  const managed = node.cluster_mode === 'managed'
  return (
    <>
      <div className="drawer-actions">
        {managed ? (
          <Action onClick={() => setOpen('standalone')} obstacle={mayWrite}>
            Make standalone…
          </Action>
        ) : (
          <Action variant="filled" onClick={() => setOpen('manage')} obstacle={mayWrite}>
            Manage…
          </Action>
        )}
        <Action onClick={() => void navigate({ to: '/nodes/$name/objects', params: { name: node.name }, search: {} })} obstacle={mayData}>
          Its objects
        </Action>
        {managed && (
          <Action onClick={() => void navigate({ to: '/sync', search: { server: node.name } })}>Synchronisation</Action>
        )}
        <Action onClick={() => setOpen('settings')} obstacle={mayWrite}>
          Settings
        </Action>
        <Action onClick={() => setOpen('certificate')} obstacle={mayWrite}>
          Certificate
        </Action>
      </div>
      {open === 'settings' && <ServerSettings node={node} server={server} onDone={close} />}
      <ManageDialog node={open === 'manage' ? node : undefined} onClose={close} />
      <StandaloneDialog node={open === 'standalone' ? node : undefined} onClose={close} />
      <CertificateDialog node={open === 'certificate' ? node : undefined} onClose={close} />
    </>
  )
}

/** What there is to know of a SEP sesam server, beside what there is of all nodes. */
export function serverFacts(node: Node, server: SesamServer): [string, ReactNode][] {
  const rows: [string, ReactNode][] = [
    ['Master', node.cluster_mode === 'managed' ? 'the cluster' : 'the server itself'],
    ['Looked after by', server.carrier || 'nobody yet'],
    ['Reached through', server.via || 'any manager'],
    ['Account', server.user],
    ['Drift policy', policyWords(server.drift_policy)],
    ['Pass-through', server.passthrough ? 'its own clients may reach it through the cluster' : 'off'],
    ['Trusted', <span key="print" className="fingerprint"><Code>{spaced(server.fingerprint)}</Code></span>],
  ]
  return rows
}

/** What a server does not offer, and why. */
export function Lacks({ server }: { server: SesamServer }) {
  const lacks = Object.entries(server.lacks)
  if (lacks.length === 0) return null
  return (
    <>
      <h2>What it lacks</h2>
      <ul className="lacks">
        {lacks.map(([capability, why]) => (
          <li key={capability}>
            <b>{sentence(lackWords(capability))}</b>
            <span className="cell-muted">{why}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
