import { useState } from 'react'
import type { SyncDiff } from '../api/types'
import { count, sentence } from './format'
import { StateMark } from './StateBadge'
import { batches, compared, deeds, kindOf } from './sync'
import './sync.css'

/** So many steps of a kind are shown before the reader asks for the others. */
const most = 30

interface Props {
  diff: Pick<SyncDiff, 'steps' | 'take_over'>
  takeOver?: boolean
  /** Only the names of what would change. */
  brief?: boolean
}

/** What would be done to a server, by kind of deed; field by field unless brief. */
export function SyncSteps({ diff, takeOver = false, brief = false }: Props) {
  return (
    <div className="steps">
      {batches(diff, takeOver).map(({ deed, steps }) => (
        <Steps key={deed} title={`${count(steps.length)} ${deeds[deed].past}`} deed={deed} steps={steps} brief={brief} />
      ))}
    </div>
  )
}

function Steps({ title, deed, steps, brief }: { title: string; deed: keyof typeof deeds; steps: SyncDiff['steps']; brief: boolean }) {
  const [all, setAll] = useState(false)
  const shown = all ? steps : steps.slice(0, most)
  return (
    <section className={`steps-kind tone-${deeds[deed].tone}`} aria-label={sentence(title)}>
      <h3>
        <StateMark look={deeds[deed]} /> {sentence(title)}
      </h3>
      <ul>
        {shown.map((step) => (
          <li key={`${step.kind}/${step.name}`}>
            <p>
              <b>{step.name}</b> <span className="cell-muted">{kindOf(step.kind)}</span>
              {brief && step.fields.length > 0 && <span className="cell-muted">: {step.fields.join(', ')}</span>}
            </p>
            {!brief && <Fields step={step} />}
          </li>
        ))}
      </ul>
      {shown.length < steps.length && (
        <button type="button" className="steps-more" onClick={() => setAll(true)}>
          Show {count(steps.length - shown.length)} others
        </button>
      )}
    </section>
  )
}

function Fields({ step }: { step: SyncDiff['steps'][number] }) {
  return (
    <table className="beside">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">On the server</th>
          <th scope="col">Wanted</th>
        </tr>
      </thead>
      <tbody>
        {compared(step).map(({ field, found, wanted, differs }) => (
          <tr key={field} className={differs ? 'is-different' : undefined}>
            <th scope="row">{sentence(field)}</th>
            <td>{found}</td>
            <td>{wanted}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
