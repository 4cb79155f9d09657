import { Modal } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { api, must } from '../../api/client'
import { asProblem } from '../../api/problem'
import { keys } from '../../api/queries'
import type { Node } from '../../api/types'
import { ErrorPanel } from '../../components/ErrorPanel'
import { FormFoot } from '../../components/FormFoot'
import { tell } from '../../components/notify'
import { useSend } from '../../components/useSend'
import { certificateOf, type Shown } from './certificate'
import { Trust } from './Trust'

/** Looks at the certificate that a server shows now, and trusts another one. */
export function CertificateDialog({ node, onClose }: { node: Node | undefined; onClose: () => void }) {
  return (
    <Modal opened={node !== undefined} onClose={onClose} title={`Certificate of ${node?.name ?? ''}`} size={480}>
      {node?.server && <Body node={node} address={node.server.address} trusted={node.server.fingerprint} onClose={onClose} />}
    </Modal>
  )
}

interface BodyProps {
  node: Node
  address: string
  trusted: string
  onClose: () => void
}

function Body({ node, address, trusted, onClose }: BodyProps) {
  const shown = useQuery({
    queryKey: [...keys.one('nodes', node.id), 'certificate', address],
    queryFn: () => certificateOf(address),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })
  if (shown.error) return <ErrorPanel problem={asProblem(shown.error)} onRetry={() => void shown.refetch()} />
  if (!shown.data) return <p className="cell-muted">Asking the server…</p>
  return <Compare node={node} shown={shown.data} trusted={trusted} onClose={onClose} />
}

function Compare({ node, shown, trusted, onClose }: { node: Node; shown: Shown; trusted: string; onClose: () => void }) {
  const queries = useQueryClient()
  const { busy, problem, send } = useSend()
  const same = shown.fingerprint === trusted
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(async (wish) => {
      const body = { fingerprint: shown.fingerprint }
      await must(api.PATCH('/v1/nodes/{node}', { params: { path: { node: node.id } }, body, headers: { 'Bcm-Request-Id': wish } }))
      await queries.invalidateQueries({ queryKey: keys.all('nodes') })
      tell(`The new certificate of ${node.name} is trusted.`)
      onClose()
    })
  }
  return (
    <form className="dialog" onSubmit={submit}>
      <Trust shown={shown}>
        {same ? (
          <p className="drawer-note">The server shows the certificate that is trusted.</p>
        ) : (
          <p className="drawer-reason">
            The server shows another certificate than the one that is trusted. That is so after it was renewed, and when somebody else
            answers in its place: compare the fingerprint at the server before you trust it.
          </p>
        )}
      </Trust>
      <FormFoot verb="Trust it" busy={busy} disabled={same} problem={problem} onCancel={onClose} cancel={same ? 'Close' : 'Cancel'} />
    </form>
  )
}
