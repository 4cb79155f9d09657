import { Checkbox } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Node } from '../../api/types'
import { ConfirmTyped } from '../../components/ConfirmTyped'
import { plural } from '../../components/format'
import { each, tell } from '../../components/notify'
import { ImpactOf } from './Impact'

interface DrainProps {
  /** What is drained; the dialog is open while there is anything. */
  nodes: Node[]
  onClose: () => void
  /** Told the ids of those that could not be drained. */
  onDone: (failed: string[]) => void
}

/** Lets nodes finish and gives them nothing new. */
export function DrainDialog({ nodes, onClose, onDone }: DrainProps) {
  const queries = useQueryClient()
  const one = nodes.length === 1 ? nodes[0] : undefined
  const running = nodes.reduce((sum, node) => sum + node.running, 0)
  const confirm = async () => {
    const drain = (node: string) => must(api.POST('/v1/nodes/{node}/drain', { params: { path: { node } } }))
    const failed = await each(nodes.map((node) => node.id), (n) => `${plural(n, 'node')} ${n === 1 ? 'drains' : 'drain'} now.`, drain)
    await queries.invalidateQueries({ queryKey: keys.all('nodes') })
    onDone(failed)
  }
  return (
    <ConfirmTyped
      opened={nodes.length > 0}
      onClose={onClose}
      title={one ? `Drain ${one.name}?` : `Drain ${plural(nodes.length, 'node')}?`}
      phrase={one ? undefined : `drain ${nodes.length}`}
      verb="Drain"
      onConfirm={confirm}
    >
      <p>
        New backups go to other nodes; {running === 0 ? 'nothing runs there now' : `${plural(running, 'run')} at work there ${running === 1 ? 'finishes' : 'finish'} first`}.
        Others take over what it answers for, and copies of its data. “Change mode” brings it back.
      </p>
    </ConfirmTyped>
  )
}

/** Takes a node out of the grid for good, after its name was typed. */
export function RemoveNodeDialog({ nodes, onClose }: { nodes: Node[]; onClose: () => void }) {
  const queries = useQueryClient()
  const [force, setForce] = useState(false)
  const node = nodes[0]
  const close = () => {
    setForce(false)
    onClose()
  }
  const confirm = async () => {
    await must(api.DELETE('/v1/nodes/{node}', { params: { path: { node: node!.id }, query: force ? { force } : {} } }))
    tell(`${node!.name} is no part of the grid any more.`)
    await queries.invalidateQueries({ queryKey: keys.all('nodes') })
    void queries.invalidateQueries({ queryKey: keys.stats })
  }
  return (
    <ConfirmTyped opened={node !== undefined} onClose={close} title={`Remove ${node?.name ?? ''}?`} phrase={node?.name} verb="Remove" onConfirm={confirm}>
      <p>Its certificate becomes worthless; to come back it must join anew. What it stores stays on its disks and is not reached any more.</p>
      {node && <ImpactOf node={node.id} />}
      <Checkbox
        size="xs"
        checked={force}
        onChange={(event) => setForce(event.currentTarget.checked)}
        label="Also while it is online, or has the only complete copy of data"
      />
    </ConfirmTyped>
  )
}
