// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { List } from '../src/api/list'
import { DataGrid, type Column } from '../src/components/DataGrid'
import { target } from '../src/components/gridKeys'
import { show } from './render'

interface Row {
  id: string
  name: string
}

const rows = (n: number): Row[] => Array.from({ length: n }, (_, i) => ({ id: `id${i}`, name: `node ${i}` }))
const columns: Column<Row>[] = [
  { id: 'name', title: 'Name', width: '1fr', sort: 'name', cell: (row) => row.name },
  { id: 'twice', title: 'Twice', width: '1fr', cell: (row) => row.name + row.name },
]

const told = { sort: vi.fn(), select: vi.fn(), open: vi.fn(), reach: vi.fn(), hold: vi.fn(), refresh: vi.fn(), clear: vi.fn() }
beforeEach(() => Object.values(told).forEach((spy) => spy.mockReset()))

const list = (over: Partial<List<Row>> = {}): List<Row> => ({
  rows: rows(30),
  total: 30,
  loading: false,
  stale: false,
  problem: undefined,
  reach: told.reach,
  hold: told.hold,
  moved: 0,
  gone: new Set(),
  refresh: told.refresh,
  ...over,
})

function grid(over: Partial<List<Row>> = {}, props: Partial<Parameters<typeof DataGrid<Row>>[0]> = {}) {
  return (
    <DataGrid
      noun="node"
      list={list(over)}
      columns={columns}
      card={(row) => row.name}
      nameOf={(row) => row.name}
      sort="name"
      onSort={told.sort}
      selected={new Set()}
      onSelect={told.select}
      onOpen={told.open}
      filtered={false}
      onClear={told.clear}
      empty={<p>None yet</p>}
      {...props}
    />
  )
}

const table = () => screen.getByRole('grid', { name: 'nodes' })
const active = () => document.getElementById(table().getAttribute('aria-activedescendant') ?? '')
const press = (...keys: string[]) => keys.forEach((key) => fireEvent.keyDown(table(), { key }))

describe('a grid', () => {
  it('has only the rows in sight in the document, and tells how many there are', () => {
    show(grid({ rows: rows(100), total: 8999 }))
    expect(table()).toHaveAttribute('aria-rowcount', '9000')
    expect(screen.getAllByRole('row').length).toBeLessThan(40)
    expect(screen.getByRole('status')).toHaveTextContent(/of 8,999 nodes/)
  })

  it('is as high as all rows, loaded or not, and stays so while more are loaded', () => {
    const { again } = show(grid({ rows: rows(100), total: 8999 }))
    const body = () => table().querySelector<HTMLElement>('.grid-body')!.style.height
    expect(body()).toBe(`${8999 * 42}px`)
    again(grid({ rows: rows(100), total: 8999, stale: true }))
    expect(body()).toBe(`${8999 * 42}px`)
  })

  it('asks for the rows in sight', () => {
    show(grid({ rows: [], total: 8999 }))
    expect(told.reach).toHaveBeenCalled()
    expect(told.reach.mock.calls.at(-1)![0]).toBeGreaterThan(10)
    expect(screen.getAllByLabelText('Loading').length).toBeGreaterThan(10)
  })

  it('is one tab stop', () => {
    show(grid())
    const stops = [table(), ...table().querySelectorAll<HTMLElement>('button, input, a')].filter((e) => e.tabIndex >= 0)
    expect(stops).toEqual([table()])
  })

  it('moves its cursor by key, and opens and selects the row', () => {
    show(grid())
    press('ArrowDown', 'ArrowDown', 'j', 'k')
    expect(active()).toHaveTextContent('node 1')
    press('Enter')
    expect(told.open).toHaveBeenCalledWith({ id: 'id1', name: 'node 1' })
    press(' ')
    expect(told.select).toHaveBeenCalledWith(new Set(['id1']))
  })

  it('points at no row when a filter has taken the one of the cursor away', () => {
    const { again } = show(grid())
    press('ArrowDown', 'ArrowDown', 'ArrowDown')
    expect(active()).toHaveTextContent('node 2')
    again(grid({ rows: rows(1), total: 1 }))
    expect(table()).not.toHaveAttribute('aria-activedescendant')
  })

  it('sorts by key from its titles', () => {
    show(grid())
    press('ArrowDown', 'ArrowUp')
    expect(active()).toHaveTextContent('Name')
    press('Enter')
    expect(told.sort).toHaveBeenLastCalledWith('-name')
    press('ArrowRight', 'Enter') // a column that does not sort
    expect(told.sort).toHaveBeenCalledTimes(1)
    press('ArrowDown', 'ArrowDown')
    expect(active()).toHaveTextContent('node 1')
  })

  it('sorts by a click, and turns round at the next', () => {
    show(grid({}, { sort: '-name' }))
    expect(screen.getByRole('columnheader', { name: 'Name' })).toHaveAttribute('aria-sort', 'descending')
    fireEvent.click(screen.getByRole('button', { name: 'Name' }))
    expect(told.sort).toHaveBeenCalledWith('name')
  })

  it('opens a row by a click, but not by its box', () => {
    show(grid())
    fireEvent.click(screen.getByRole('checkbox', { name: 'Select node 3' }))
    expect(told.select).toHaveBeenCalledWith(new Set(['id3']))
    expect(told.open).not.toHaveBeenCalled()
    fireEvent.click(screen.getByText('node 3'))
    expect(told.open).toHaveBeenCalledTimes(1)
  })

  it('keeps the selection by id while rows come and go', () => {
    const selected = new Set(['id2'])
    const { again } = show(grid({}, { selected }))
    const chosen = () => within(table()).getAllByRole('row', { selected: true }).map((row) => row.dataset.id)
    expect(chosen()).toEqual(['id2'])
    again(grid({ rows: [{ id: 'new', name: 'first' }, ...rows(29)] }, { selected }))
    expect(chosen()).toEqual(['id2'])
  })

  it('holds its rows while the pointer or the focus is in it', () => {
    show(grid())
    fireEvent.pointerEnter(table())
    expect(told.hold).toHaveBeenLastCalledWith(true)
    fireEvent.pointerLeave(table())
    expect(told.hold).toHaveBeenLastCalledWith(false)
    table().focus()
    fireEvent.pointerLeave(table())
    expect(told.hold).toHaveBeenLastCalledWith(true)
    table().blur()
    expect(told.hold).toHaveBeenLastCalledWith(false)
  })

  it('offers to fetch what moved', () => {
    show(grid({ moved: 12 }))
    fireEvent.click(screen.getByRole('button', { name: '12 changes, refresh' }))
    expect(told.refresh).toHaveBeenCalled()
  })

  it('tells an empty list from one that is filtered empty', () => {
    const { again } = show(grid({ rows: [], total: 0 }))
    expect(screen.getByText('None yet')).toBeInTheDocument()
    again(grid({ rows: [], total: 0 }, { filtered: true }))
    expect(screen.queryByText('None yet')).toBeNull()
    fireEvent.click(screen.getByRole('button', { name: 'Clear filters' }))
    expect(told.clear).toHaveBeenCalled()
  })
})

describe('target', () => {
  it.each([
    ['ArrowDown', -1, 0],
    ['ArrowDown', 9, 9],
    ['ArrowUp', 0, 0],
    ['PageDown', 2, 7],
    ['PageUp', 2, 0],
    ['Home', 5, 0],
    ['End', 0, 9],
    ['q', 3, undefined],
  ])('%s from %s goes to %s', (key, from, to) => expect(target(key, from, 10, 5)).toBe(to))
})
