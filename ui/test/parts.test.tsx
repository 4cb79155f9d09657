// @vitest-environment jsdom
import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '../src/api/problem'
import { initials } from '../src/app/initials'
import { Action } from '../src/components/Action'
import { ConfirmTyped } from '../src/components/ConfirmTyped'
import { ErrorPanel } from '../src/components/ErrorPanel'
import { FilterBar } from '../src/components/FilterBar'
import { Meter, Progress } from '../src/components/Meter'
import { StateBadge } from '../src/components/StateBadge'
import { lookOf, nodeStates, runStates } from '../src/components/states'
import { safeNext } from '../src/features/auth/next'
import { show } from './render'

describe('states', () => {
  it('are told by word and shape, not by colour alone', () => {
    show(<StateBadge look={nodeStates.offline} />)
    expect(screen.getByText('Offline').querySelector('.mark-square')).toHaveAttribute('aria-hidden', 'true')
  })

  it('never share both colour and shape with another word of the same noun', () => {
    for (const states of [nodeStates, runStates]) {
      const seen = Object.values(states).filter(({ word }) => !['Removed', 'Assigned', 'Deleted', 'Interrupted', 'Warnings'].includes(word))
      expect(new Set(seen.map((s) => s.tone + s.shape)).size).toBe(seen.length)
    }
  })

  it('that a newer server invents are shown by their name', () => {
    expect(lookOf(nodeStates, 'dreaming')).toMatchObject({ word: 'dreaming', tone: 'grey' })
    expect(lookOf(nodeStates, undefined).word).toBe('Unknown')
    expect(lookOf(nodeStates, 'constructor').word).toBe('constructor')
  })
})

describe('a meter', () => {
  it('shows the least part too', () => {
    show(<Meter label="nodes" parts={[{ key: 'a', count: 9999, tone: 'green' }, { key: 'b', count: 1, tone: 'red' }]} />)
    const red = screen.getByRole('img', { name: 'nodes' }).querySelector<HTMLElement>('.tone-red')!
    expect(Number(red.style.flexGrow)).toBe(1)
  })

  it('is an empty bar when there is nothing', () => {
    show(<Meter label="none" parts={[{ key: 'a', count: 0, tone: 'green' }]} />)
    expect(screen.getByRole('img').children).toHaveLength(1)
  })
})

describe('progress', () => {
  it('has no value while nobody knows how much there is', () => {
    const { again } = show(<Progress label="p" value={undefined} />)
    expect(screen.getByRole('progressbar')).not.toHaveAttribute('aria-valuenow')
    again(<Progress label="p" value={1.7} />)
    expect(screen.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '100')
  })
})

describe('an action', () => {
  it('that may not be done says why, and does nothing', () => {
    const act = vi.fn()
    show(
      <Action onClick={act} obstacle="No right">
        Go
      </Action>,
    )
    fireEvent.click(screen.getByRole('button', { name: 'Go' }))
    expect(act).not.toHaveBeenCalled()
    expect(screen.getByRole('button')).toHaveAttribute('aria-disabled', 'true')
  })
})

describe('a confirmation', () => {
  const dialog = (confirm: () => Promise<void>, close = () => {}) => (
    <ConfirmTyped opened onClose={close} title="Remove ada?" phrase="ada" verb="Remove" onConfirm={confirm}>
      Gone for good.
    </ConfirmTyped>
  )

  it('goes ahead only after the name was typed', async () => {
    const confirm = vi.fn(async () => {})
    const close = vi.fn()
    show(dialog(confirm, close))
    const button = screen.getByRole('button', { name: 'Remove' })
    const field = screen.getByLabelText(/Type ada to confirm/)
    expect(button).toBeDisabled()
    fireEvent.change(field, { target: { value: 'ad' } })
    fireEvent.submit(field.closest('form')!)
    expect(confirm).not.toHaveBeenCalled()
    fireEvent.change(field, { target: { value: ' ada ' } })
    fireEvent.click(button)
    await waitFor(() => expect(close).toHaveBeenCalled())
    expect(confirm).toHaveBeenCalledTimes(1)
  })

  it('stays open and says so when it fails', async () => {
    const close = vi.fn()
    show(dialog(() => Promise.reject(new Problem(409, { detail: 'the last superuser stays' })), close))
    fireEvent.change(screen.getByLabelText(/Type/), { target: { value: 'ada' } })
    fireEvent.click(screen.getByRole('button', { name: 'Remove' }))
    expect(await screen.findByRole('alert')).toHaveTextContent('the last superuser stays')
    expect(close).not.toHaveBeenCalled()
  })
})

describe('the filter bar', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const bar = (text: string, onText: (t: string) => void) => (
    <FilterBar hint="Name" text={text} onText={onText} filtered={false} onClear={() => {}}>
      {null}
    </FilterBar>
  )

  it('tells of a text once the reader stopped typing', () => {
    const tell = vi.fn()
    show(bar('', tell))
    for (const value of ['a', 'ad', 'ada']) {
      fireEvent.change(screen.getByRole('searchbox'), { target: { value } })
      act(() => void vi.advanceTimersByTime(100))
    }
    expect(tell).not.toHaveBeenCalled()
    act(() => void vi.advanceTimersByTime(80))
    expect(tell.mock.calls).toEqual([['ada']])
  })

  it('follows the URL, and is not told back what it said', () => {
    const tell = vi.fn()
    const { again } = show(bar('', tell))
    again(bar('from outside', tell))
    expect(screen.getByRole('searchbox')).toHaveValue('from outside')
    act(() => void vi.advanceTimersByTime(1000))
    expect(tell).not.toHaveBeenCalled()
  })
})

describe('a problem', () => {
  it('names fields, and whether waiting may help', () => {
    const problem = new Problem(422, { detail: 'x', errors: [{ field: 'groups[0]', message: 'no such group' }, { field: 'groups[1]', message: 'later' }] })
    expect(problem.fields).toEqual({ groups: 'no such group' })
    expect([422, 409, 0, 429, 503, 504].map((status) => new Problem(status, {}).passing)).toEqual([false, false, true, true, true, true])
  })

  it('shows the cause and the request id', () => {
    const retry = vi.fn()
    show(<ErrorPanel problem={new Problem(500, { detail: 'it broke', request_id: 'r1' })} onRetry={retry} />)
    expect(screen.getByRole('alert')).toHaveTextContent(/it broke.*r1/)
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }))
    expect(retry).toHaveBeenCalled()
  })
})

describe('after the login', () => {
  it.each([
    [undefined, '/'],
    ['/nodes?status=offline', '/nodes?status=offline'],
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    ['/\\evil.example/', '/'],
    ['/login?next=/login', '/'],
    ['javascript:alert(1)', '/'],
  ])('%s leads to %s', (next, to) => expect(safeNext(next)).toBe(to))
})

it('initials', () => expect(['ada.operator', 'admin', 'Grace B. Hopper', 'x'].map(initials)).toEqual(['AO', 'AD', 'GH', 'X']))
