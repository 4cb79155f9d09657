import { Button, Modal, TextInput } from '@mantine/core'
import { useEffect, useId, useState, type FormEvent, type ReactNode } from 'react'
import { asProblem, type Problem } from '../api/problem'
import { ErrorPanel } from './ErrorPanel'

interface Props {
  opened: boolean
  onClose: () => void
  title: string
  /** How many, what becomes of the data, what runs now. */
  children: ReactNode
  /** What must be typed; nothing when a plain confirmation is enough. */
  phrase?: string
  /** The verb on the button. */
  verb: string
  /** The way out. */
  keep?: string
  onConfirm: () => Promise<void>
}

/** The dialog before something that cannot be undone. */
export function ConfirmTyped(props: Props) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} size={440}>
      {props.opened && <Body {...props} />}
    </Modal>
  )
}

function Body({ onClose, children, phrase, verb, keep = 'Cancel', onConfirm }: Props) {
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const label = useId()
  useEffect(() => setProblem(undefined), [typed])
  const ready = phrase === undefined || typed.trim() === phrase

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!ready || busy) return
    setBusy(true)
    try {
      await onConfirm()
      onClose()
    } catch (thrown) {
      setProblem(asProblem(thrown))
      setBusy(false)
    }
  }

  return (
    <form onSubmit={submit} className="dialog">
      <div className="dialog-text">{children}</div>
      {phrase !== undefined && (
        <TextInput
          id={label}
          label={
            <>
              Type <code>{phrase}</code> to confirm
            </>
          }
          value={typed}
          onChange={(e) => setTyped(e.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
        />
      )}
      {problem && <ErrorPanel problem={problem} />}
      <div className="dialog-buttons">
        <Button variant="default" onClick={onClose}>
          {keep}
        </Button>
        <Button type="submit" color="danger" disabled={!ready} loading={busy}>
          {verb}
        </Button>
      </div>
    </form>
  )
}
