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

/** Whether a user may log in, a task or a schedule begins anything. */
export const switchStates = {
  enabled: look('Enabled', 'green', 'circle'),
  paused: look('Paused', 'violet', 'half'),
  disabled: look('Disabled', 'grey', 'hollow'),
} satisfies Record<string, StateLook>

export const approvalStates = {
  pending: look('Waiting', 'amber', 'half'),
  granted: look('Granted', 'green', 'circle'),
  denied: look('Denied', 'red', 'square'),
  expired: look('Expired', 'grey', 'hollow'),
} satisfies Record<string, StateLook>

/** How much of the data a storage has. */
export const copyStates = {
  damaged: look('Damaged', 'red', 'square'),
  gone: look('Storage gone', 'red', 'square'),
  behind: look('Behind', 'amber', 'diamond'),
  empty: look('Empty', 'amber', 'diamond'),
  copying: look('Copying', 'blue', 'ring'),
  written: look('Written to', 'green', 'circle'),
  whole: look('Whole', 'green', 'circle'),
  unused: look('Unused', 'grey', 'hollow'),
} satisfies Record<string, StateLook>

/** How far a managed server is in step with the cluster. */
export const syncStates = {
  failing: look('Failing', 'red', 'square'),
  unreachable: look('Unreachable', 'red', 'square'),
  drift: look('Drifted', 'amber', 'diamond'),
  syncing: look('Syncing', 'blue', 'ring'),
  'in-step': look('In step', 'green', 'circle'),
  standalone: look('Standalone', 'grey', 'hollow'),
} satisfies Record<string, StateLook>

/** How bad something is that is wrong. */
export const alertStates = {
  critical: look('Critical', 'red', 'square'),
  warning: look('Warning', 'amber', 'diamond'),
} satisfies Record<string, StateLook>

/** What came of what somebody did. */
export const resultStates = {
  ok: look('Done', 'green', 'circle'),
  refused: look('Refused', 'red', 'square'),
} satisfies Record<string, StateLook>

/** What a manager is in its group. */
export const memberStates = {
  away: look('Away', 'red', 'square'),
  leader: look('Leader', 'green', 'circle'),
  follower: look('Follower', 'green', 'circle'),
} satisfies Record<string, StateLook>

export const certificateStates = {
  ended: look('Ended', 'red', 'square'),
  ends: look('Ends soon', 'amber', 'diamond'),
  valid: look('Valid', 'green', 'circle'),
  replaced: look('Replaced', 'grey', 'hollow'),
  revoked: look('Revoked', 'grey', 'hollow'),
} satisfies Record<string, StateLook>

/** Whether a token still opens anything. */
export const tokenStates = {
  good: look('Good', 'green', 'circle'),
  spent: look('Spent', 'grey', 'hollow'),
  expired: look('Expired', 'grey', 'hollow'),
  revoked: look('Revoked', 'grey', 'hollow'),
} satisfies Record<string, StateLook>

const unknown = look('Unknown', 'grey', 'circle')

/** Looks a state up; one that a newer server invents is shown by its own name. */
export function lookOf(states: Record<string, StateLook>, name: string | undefined): StateLook {
  if (!name) return unknown
  return Object.hasOwn(states, name) ? states[name]! : { ...unknown, word: name }
}
