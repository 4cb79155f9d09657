import { Button, Popover, TextInput } from '@mantine/core'
import { IconChevron } from './icons'

interface Props {
  from: string
  to: string
  onChange: (days: { from?: string; to?: string }) => void
}

/** A filter by day: from, to, or both. */
export function DayFilter({ from, to, onChange }: Props) {
  const words = from && to ? `${from} to ${to}` : from ? `since ${from}` : to ? `until ${to}` : ''
  return (
    <Popover shadow="md" position="bottom-start" trapFocus>
      <Popover.Target>
        <Button variant="default" className={words ? 'filter is-set' : 'filter'} rightSection={<IconChevron size={15} aria-hidden="true" />}>
          Date
          {words && <b>{words}</b>}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Date">
        <div className="filter-days">
          <TextInput type="date" label="From" value={from} max={to || undefined} onChange={(e) => onChange({ from: e.currentTarget.value })} />
          <TextInput type="date" label="To" value={to} min={from || undefined} onChange={(e) => onChange({ to: e.currentTarget.value })} />
          <Button variant="default" onClick={() => onChange({ from: '', to: '' })}>
            Any day
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
