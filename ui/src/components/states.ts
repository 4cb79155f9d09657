/** The shape that goes with a colour, so that nobody needs to tell colours apart. */
export type Shape = 'circle' | 'diamond' | 'square' | 'ring' | 'half' | 'hollow'

/** The colour of a state; each has -soft and -text companions in tokens.css. */
export type Tone = 'green' | 'amber' | 'red' | 'blue' | 'violet' | 'grey'

/** How a state looks and what it is called. */
export interface StateLook {
  word: string
  tone: Tone
  shape: Shape
}

const look = (word: string, tone: Tone, shape: Shape): StateLook => ({ word, tone, shape })

/** Status of a node, and draining, which is a mode but shown like one. */
export const nodeStates = {
  offline: look('Offline', 'red', 'square'),
  degraded: look('Degraded', 'amber', 'diamond'),
  draining: look('Draining', 'violet', 'half'),
  joining: look('Joining', 'blue', 'ring'),
  left: look('Left', 'grey', 'hollow'),
  removed: look('Removed', 'grey', 'hollow'),
  online: look('Online', 'green', 'circle'),
} satisfies Record<string, StateLook>

/** Status of a backup or of a restore. */
export const runStates = {
  failed: look('Failed', 'red', 'square'),
  interrupted: look('Interrupted', 'amber', 'diamond'),
  warning: look('Warnings', 'amber', 'diamond'),
  running: look('Running', 'blue', 'ring'),
  assigned: look('Assigned', 'blue', 'ring'),
  queued: look('Queued', 'grey', 'circle'),
  succeeded: look('Succeeded', 'green', 'circle'),
  cancelled: look('Cancelled', 'grey', 'hollow'),
  deleted: look('Deleted', 'grey', 'hollow'),
} satisfies Record<string, StateLook>

/** Whether a user may log in. */
export const userStates = {
  enabled: look('Enabled', 'green', 'circle'),
  disabled: look('Disabled', 'grey', 'hollow'),
} satisfies Record<string, StateLook>

export const approvalStates = {
  pending: look('Waiting', 'amber', 'half'),
  granted: look('Granted', 'green', 'circle'),
  denied: look('Denied', 'red', 'square'),
  expired: look('Expired', 'grey', 'hollow'),
} satisfies Record<string, StateLook>

const unknown = look('Unknown', 'grey', 'circle')

/** Looks a state up; one that a newer server invents is shown by its own name. */
export function lookOf(states: Record<string, StateLook>, name: string | undefined): StateLook {
  if (!name) return unknown
  return Object.hasOwn(states, name) ? states[name]! : { ...unknown, word: name }
}
