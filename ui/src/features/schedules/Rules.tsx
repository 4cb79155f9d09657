import { Button, Checkbox, Select, TextInput } from '@mantine/core'
import { dayName, newRule, weekdays, type RuleDraft } from './draft'

interface Props {
  rules: RuleDraft[]
  onChange: (rules: RuleDraft[]) => void
  error?: string
}

const days = [
  { value: 'every', label: 'every day' },
  { value: 'weekdays', label: 'some weekdays' },
  { value: 'month', label: 'a day of the month' },
]

const nths = [
  { value: '', label: 'each' },
  { value: '1', label: '1st of the month' },
  { value: '2', label: '2nd of the month' },
  { value: '3', label: '3rd of the month' },
  { value: '4', label: '4th of the month' },
  { value: '5', label: '5th of the month' },
  { value: '-1', label: 'last of the month' },
]

/** The days and times of a calendar. It is due when any of the rules says so. */
export function Rules({ rules, onChange, error }: Props) {
  const set = (index: number, change: Partial<RuleDraft>) => onChange(rules.map((rule, i) => (i === index ? { ...rule, ...change } : rule)))
  return (
    <div className="rules">
      {rules.map((rule, i) => (
        <RuleFields key={i} rule={rule} set={(change) => set(i, change)} onRemove={rules.length > 1 ? () => onChange(rules.filter((_, k) => k !== i)) : undefined} />
      ))}
      {error && <p className="form-error">{error}</p>}
      <Button variant="default" onClick={() => onChange([...rules, newRule])}>
        Another day or time
      </Button>
    </div>
  )
}

function RuleFields({ rule, set, onRemove }: { rule: RuleDraft; set: (change: Partial<RuleDraft>) => void; onRemove?: () => void }) {
  return (
    <div className="drawer-form dialog">
      <div className="rule-row">
        <Select label="On" data={days} value={rule.on} onChange={(on) => set({ on: (on ?? 'every') as RuleDraft['on'] })} allowDeselect={false} />
        <TextInput label="At" description="Times of day" inputWrapperOrder={['label', 'input', 'description', 'error']} placeholder="02:30, 14:00" value={rule.at} onChange={(e) => set({ at: e.currentTarget.value })} spellCheck={false} />
      </div>
      {rule.on === 'weekdays' && (
        <>
          <Checkbox.Group label="Weekdays" value={rule.weekdays} onChange={(values) => set({ weekdays: weekdays.filter((day) => values.includes(day)) })}>
            <div className="rule-days">
              {weekdays.map((day) => (
                <Checkbox key={day} value={day} label={dayName(day)} size="xs" />
              ))}
            </div>
          </Checkbox.Group>
          <Select label="Which of them" data={nths} value={rule.nth} onChange={(nth) => set({ nth: nth ?? '' })} allowDeselect={false} />
        </>
      )}
      {rule.on === 'month' && (
        <TextInput label="Day of the month" description="1 to 31; -1 is the last. A month without it is passed over." value={rule.day} onChange={(e) => set({ day: e.currentTarget.value })} inputMode="numeric" />
      )}
      {onRemove && (
        <Button variant="subtle" color="danger" onClick={onRemove}>
          Take this one away
        </Button>
      )}
    </div>
  )
}
