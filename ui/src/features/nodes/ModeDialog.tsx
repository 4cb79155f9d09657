import { Button, Modal, Radio } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, type FormEvent } from 'react'
import { api, must } from '../../api/client'
import { keys } from '../../api/queries'
import type { Node } from '../../api/types'
import { plural, sentence } from '../../components/format'
import { each } from '../../components/notify'
import { modes } from './search'

const meanings: Record<(typeof modes)[number], string> = {
  active: 'Takes part in everything.',
  draining: 'Finishes what it runs, gets nothing new. Its data stays.',
  maintenance: 'Runs nothing; its alarms are quiet. Its data stays.',
}

interface Props {
  /** The nodes to change; the dialog is open while there are any. */
  ids: string[]
  known: Node[]
  onClose: () => void
  /** Told the ids that could not be changed. */
  onDone: (failed: string[]) => void
}

/** Chooses the mode of one or several nodes. */
export function ModeDialog({ ids, known, onClose, onDone }: Props) {
  const one = ids.length === 1 ? known.find((node) => node.id === ids[0]) : undefined
  const title = ids.length === 1 ? `Mode of ${one?.name ?? 'this node'}` : `Mode of ${plural(ids.length, 'node')}`
  return (
    <Modal opened={ids.length > 0} onClose={onClose} title={title} size={440}>
      {ids.length > 0 && <Body ids={ids} now={one?.mode} onClose={onClose} onDone={onDone} />}
    </Modal>
  )
}

function Body({ ids, now, onClose, onDone }: { ids: string[]; now: string | undefined } & Pick<Props, 'onClose' | 'onDone'>) {
  const [mode, setMode] = useState(now ?? '')
  const [busy, setBusy] = useState(false)
  const queries = useQueryClient()
  useEffect(() => setMode(now ?? ''), [now])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    const failed = await each(
      ids,
      (n) => `${plural(n, 'node')} now ${n === 1 ? 'is' : 'are'} ${mode}.`,
      (node) => must(api.PATCH('/v1/nodes/{node}', { params: { path: { node } }, body: { mode: mode as 'active' } })),
    )
    await queries.invalidateQueries({ queryKey: keys.all('nodes') })
    onDone(failed)
    onClose()
  }

  return (
    <form onSubmit={submit} className="dialog">
      <Radio.Group value={mode} onChange={setMode} aria-label="Mode">
        <div className="choices">
          {modes.map((value) => (
            <Radio key={value} value={value} label={sentence(value)} description={meanings[value]} />
          ))}
        </div>
      </Radio.Group>
      <div className="dialog-buttons">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={mode === '' || mode === now} loading={busy}>
          Set mode
        </Button>
      </div>
    </form>
  )
}
