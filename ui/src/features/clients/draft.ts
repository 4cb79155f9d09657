import type { Client } from '../../api/types'
import { changed, labelLines, labelsOf, lines } from '../../components/lines'

/** Where nodes must be, as it is typed. */
export interface PlaceDraft {
  /** One a line. */
  sites: string
  labels: string
}

/** A client as it is typed into its form. */
export interface Draft {
  name: string
  address: string
  labels: string
  copies: string
  parallel: string
  spread: string
  managers: PlaceDraft
  storages: PlaceDraft
  /** Only of a new one: a repository to share, or the quota of its own in GB. */
  repository: string
  quota: string
}

const giga = 1_000_000_000
const anywhere: PlaceDraft = { sites: '', labels: '' }

export const emptyDraft: Draft = {
  name: '',
  address: '',
  labels: '',
  copies: '1',
  parallel: '',
  spread: '',
  managers: anywhere,
  storages: anywhere,
  repository: '',
  quota: '',
}

function placeDraft(place: Client['placement']['managers']): PlaceDraft {
  return { sites: place.sites.join('\n'), labels: labelLines(place.labels) }
}

/** A client as its form shows it. */
export function draftOf(client: Client): Draft {
  return {
    ...emptyDraft,
    name: client.name,
    address: client.address,
    labels: labelLines(client.labels),
    copies: String(client.copies),
    parallel: client.parallel > 0 ? String(client.parallel) : '',
    spread: client.placement.spread,
    managers: placeDraft(client.placement.managers),
    storages: placeDraft(client.placement.storages),
  }
}

const placeOf = (draft: PlaceDraft) => ({ sites: lines(draft.sites), labels: labelsOf(draft.labels) })

function common(draft: Draft) {
  return {
    name: draft.name.trim(),
    address: draft.address.trim(),
    labels: labelsOf(draft.labels),
    copies: Number(draft.copies) || 1,
    parallel: Number(draft.parallel) || 0,
    placement: { spread: draft.spread.trim(), managers: placeOf(draft.managers), storages: placeOf(draft.storages) },
  }
}

/** What is sent of a new client. */
export function inputOf(draft: Draft) {
  const quota = Math.round((Number(draft.quota) || 0) * giga)
  const own = draft.repository === ''
  return { ...common(draft), ...(own ? quota > 0 && { quota } : { repository: draft.repository }) }
}

/** What of a client is other than it was. */
export function changeOf(before: Draft, after: Draft) {
  return changed(common(before), common(after))
}
