import { Button } from '@mantine/core'
import type { Problem } from '../api/problem'
import { ErrorPanel } from './ErrorPanel'

interface Props {
  /** The verb on the button. */
  verb: string
  busy: boolean
  disabled?: boolean
  problem: Problem | undefined
  /** Fields that say themselves what is wrong with them. */
  fields?: readonly string[]
  onCancel: () => void
  /** The way out, where it is not simply to cancel. */
  cancel?: string
}

/** The end of a form: what went wrong, the way out, the way on. */
export function FormFoot({ verb, busy, disabled, problem, fields = [], onCancel, cancel = 'Cancel' }: Props) {
  const told = problem !== undefined && Object.keys(problem.fields).length > 0 && Object.keys(problem.fields).every((f) => fields.includes(f))
  return (
    <>
      {problem && !told && <ErrorPanel problem={problem} />}
      <div className="dialog-buttons">
        <Button variant="default" onClick={onCancel}>
          {cancel}
        </Button>
        <Button type="submit" loading={busy} disabled={disabled}>
          {verb}
        </Button>
      </div>
    </>
  )
}
