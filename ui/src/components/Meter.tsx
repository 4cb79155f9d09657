import { marks } from './marks'
import type { Tone } from './states'
import './meter.css'

/** A part of a meter. */
export interface Part {
  key: string
  count: number
  tone: Tone | 'accent'
}

interface MeterProps {
  /** What is measured, for those who cannot see it. */
  label: string
  parts: Part[]
  /** What the whole bar stands for; the sum of the parts when left out. */
  total?: number
  /** Gaps between the parts, for a handful of equal things. */
  segments?: boolean
}

/**
 * A bar of parts. A part that is not empty is never thinner than one percent:
 * a single failure among thousands stays visible.
 */
export function Meter({ label, parts, total, segments }: MeterProps) {
  const used = parts.reduce((n, p) => n + p.count, 0)
  const rest = Math.max(0, (total ?? used) - used)
  const shares = marks([...parts.map((p) => ({ key: p.key, count: p.count * 1000 })), { key: '', count: rest * 1000 }], 100)
  return (
    <div className={segments ? 'meter meter-segments' : 'meter'} role="img" aria-label={label}>
      {parts.map((p, i) =>
        shares[i]!.marks > 0 && used > 0 ? (
          <span key={p.key} className={`meter-part tone-${p.tone}`} style={{ flexGrow: shares[i]!.marks }} />
        ) : null,
      )}
      {(rest > 0 || used === 0) && <span className="meter-rest" style={{ flexGrow: used === 0 ? 1 : shares.at(-1)!.marks }} />}
    </div>
  )
}

interface ProgressProps {
  label: string
  /** Between 0 and 1; undefined while nobody knows how much there is. */
  value: number | undefined
  tone?: Tone | 'accent'
}

/** How far something is. Without a value the bar says only that it goes on. */
export function Progress({ label, value, tone = 'blue' }: ProgressProps) {
  const percent = value === undefined ? undefined : Math.round(Math.min(1, Math.max(0, value)) * 100)
  return (
    <div
      className={`meter tone-${tone}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span
        className={percent === undefined ? 'meter-part meter-unknown' : 'meter-part meter-progress'}
        style={{ width: `${percent ?? 100}%` }}
      />
    </div>
  )
}
