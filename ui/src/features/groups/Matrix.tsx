import { sentence } from '../../components/format'
import { IconCheck } from '../../components/icons'
import { areas, exists, has, toggled, verbs } from './rights'

interface Props {
  rights: string[]
  /** Told the rights after a change; without it the matrix only shows. */
  onChange?: (rights: string[]) => void
}

/** Areas down, verbs across: what a group gives. */
export function Matrix({ rights, onChange }: Props) {
  return (
    <div className="matrix-box">
      <table className="matrix" aria-label="Rights">
        <thead>
          <tr>
            <th scope="col">Area</th>
            {verbs.map((verb) => (
              <th key={verb} scope="col">
                {sentence(verb)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {areas.map(({ area, says }) => (
            <tr key={area}>
              <th scope="row" title={says}>
                {sentence(area)}
                <small>{says}</small>
              </th>
              {verbs.map((verb) => (
                <td key={verb}>{exists(area, verb) && <Cell area={area} verb={verb} rights={rights} onChange={onChange} />}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell({ area, verb, rights, onChange }: Props & { area: string; verb: string }) {
  const given = has(rights, area, verb)
  if (!onChange) {
    return given ? <IconCheck size={15} role="img" aria-label={`${area} ${verb}: yes`} /> : <span className="cell-muted" aria-label={`${area} ${verb}: no`} role="img">–</span>
  }
  return (
    <span className="grid-box">
      <input
        type="checkbox"
        aria-label={`${area} ${verb}`}
        checked={given}
        disabled={rights.includes('*')}
        onChange={(event) => onChange(toggled(rights, area, verb, event.currentTarget.checked))}
      />
    </span>
  )
}
