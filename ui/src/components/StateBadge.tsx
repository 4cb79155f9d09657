import type { StateLook } from './states'
import './state.css'

/** Only the shape of a state, for legends and dense places; give it a word nearby. */
export function StateMark({ look }: { look: StateLook }) {
  return <span className={`mark mark-${look.shape} tone-${look.tone}`} aria-hidden="true" />
}

/** A state as colour, shape and word. */
export function StateBadge({ look, title }: { look: StateLook; title?: string }) {
  return (
    <span className={`badge tone-${look.tone}`} title={title}>
      <StateMark look={look} />
      {look.word}
    </span>
  )
}
