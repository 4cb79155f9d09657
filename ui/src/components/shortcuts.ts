import { useEffect, useRef } from 'react'

/** Id of the text field of the filter bar: there is one on a page, and "/" goes to it. */
export const searchFieldId = 'filter-text'

/** One line of the help. */
export interface Shortcut {
  keys: string[]
  does: string
}

/** What the keyboard can do everywhere. */
export const shortcuts: Shortcut[] = [
  { keys: ['Ctrl', 'K'], does: 'Search everything, or jump to a page' },
  { keys: ['/'], does: 'Search in this list' },
  { keys: ['↑', '↓'], does: 'Move in a list (also j and k)' },
  { keys: ['Enter'], does: 'Open the row' },
  { keys: ['Space'], does: 'Select the row (also x)' },
  { keys: ['Esc'], does: 'Close, or clear the selection' },
  { keys: ['g', 'o'], does: 'Go to the overview' },
  { keys: ['g', 'n'], does: 'Go to nodes' },
  { keys: ['g', 'b'], does: 'Go to backups' },
  { keys: ['g', 'u'], does: 'Go to users' },
  { keys: ['?'], does: 'This help' },
]

/** How long after "g" the second key may come, in ms. */
const patience = 1200

/** Whether keys typed here are text. */
export function writes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

/** Runs the action of a key, or of two keys in a row ("g n"), typed outside of fields. */
export function useShortcuts(actions: Record<string, () => void>) {
  const latest = useRef(actions)
  latest.current = actions
  useEffect(() => {
    let first = ''
    let at = 0
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      const box = event.target instanceof HTMLInputElement && event.target.type === 'checkbox'
      if (writes(event.target) && !box) return
      const pair = Date.now() - at < patience ? `${first} ${event.key}` : ''
      const action = latest.current[pair] ?? latest.current[event.key]
      first = event.key
      at = Date.now()
      if (!action) return
      event.preventDefault()
      first = ''
      action()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
