import { Button, Menu, TextInput } from '@mantine/core'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { count } from './format'
import { IconChevron, IconSearch } from './icons'
import { searchFieldId } from './shortcuts'
import './filter.css'

/** One value that a filter may have. */
export interface Choice {
  value: string
  label: string
  /** How many rows have it, when that is known. */
  count?: number
}

interface BarProps {
  /** What the text is looked for in: "Name, ID or address". */
  hint: string
  text: string
  /** Told after the reader stopped typing for a moment. */
  onText: (text: string) => void
  /** Whether anything is filtered by. */
  filtered: boolean
  onClear: () => void
  children: ReactNode
}

const settle = 180

/** The line above a grid: a text to look for, filters, and a way to clear them. */
export function FilterBar({ hint, text, onText, filtered, onClear, children }: BarProps) {
  const [typed, setTyped] = useState(text)
  const told = useRef(text)
  const tell = useRef(onText)
  tell.current = onText
  useEffect(() => {
    if (text === told.current) return
    told.current = text // the URL changed by other means
    setTyped(text)
  }, [text])
  useEffect(() => {
    if (typed === told.current) return
    const timer = setTimeout(() => {
      told.current = typed
      tell.current(typed)
    }, settle)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <div className="filters" role="search">
      <TextInput
        id={searchFieldId}
        className="filters-text"
        type="search"
        aria-label={hint}
        placeholder={hint}
        size="xs"
        leftSection={<IconSearch size={16} aria-hidden="true" />}
        value={typed}
        onChange={(e) => setTyped(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key !== 'Escape') return
          if (typed === '') e.currentTarget.blur()
          else setTyped('')
          e.stopPropagation()
        }}
        autoComplete="off"
        spellCheck={false}
      />
      {children}
      {filtered && (
        <Button variant="subtle" color="gray" className="filters-clear" onClick={onClear}>
          Clear
        </Button>
      )}
    </div>
  )
}

interface FilterProps {
  name: string
  choices: Choice[]
  values: string[]
  onChange: (values: string[]) => void
}

/** One filter: any of the values chosen. */
export function Filter({ name, choices, values, onChange }: FilterProps) {
  const others: Choice[] = values.filter((v) => choices.every((c) => c.value !== v)).map((value) => ({ value, label: value }))
  const shown = [...choices, ...others]
  const only = values.length === 1 ? shown.find((c) => c.value === values[0])?.label : undefined
  return (
    <Menu closeOnItemClick={false}>
      <Menu.Target>
        <Button
          variant="default"
          className={values.length > 0 ? 'filter is-set' : 'filter'}
          rightSection={<IconChevron size={15} aria-hidden="true" />}
        >
          {name}
          {values.length > 0 && <b>{only ?? values.length}</b>}
        </Button>
      </Menu.Target>
      <Menu.Dropdown aria-label={name}>
        {shown.length === 0 && <p className="filter-none">Nothing to choose from</p>}
        <Menu.CheckboxGroup value={values} onChange={onChange}>
          {shown.map((choice) => (
            <Menu.CheckboxItem
              key={choice.value}
              value={choice.value}
              closeMenuOnClick={false}
              rightSection={choice.count === undefined ? undefined : <span className="filter-count">{count(choice.count)}</span>}
            >
              {choice.label}
            </Menu.CheckboxItem>
          ))}
        </Menu.CheckboxGroup>
      </Menu.Dropdown>
    </Menu>
  )
}
