import { Button, Modal, MultiSelect, PasswordInput, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { api, must, requestId } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { keys } from '../../api/queries'
import { ErrorPanel } from '../../components/ErrorPanel'
import { tell } from '../../components/notify'
import { useGroups } from './hooks'

interface Props {
  opened: boolean
  onClose: () => void
}

/** Makes a user with a name, a password and groups. */
export function CreateUser({ opened, onClose }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title="Create user" size={440}>
      {opened && <Form onClose={onClose} />}
    </Modal>
  )
}

const fields = ['name', 'full_name', 'password', 'groups']

function Form({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const groups = useGroups()
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const wish = useRef(requestId())
  const form = useForm({
    initialValues: { name: '', full_name: '', password: '', groups: [] as string[] },
    validate: {
      name: (name) => (name.trim() === '' ? 'A user needs a name' : null),
      password: (password) => (password === '' ? 'A user needs a password' : null),
    },
  })

  const submit = form.onSubmit(async ({ name, full_name, password, groups }) => {
    setBusy(true)
    setProblem(undefined)
    try {
      const body = { name: name.trim(), password, groups, ...(full_name.trim() && { full_name: full_name.trim() }) }
      const user = await must(api.POST('/v1/users', { body, headers: { 'Bcm-Request-Id': wish.current } }))
      await queries.invalidateQueries({ queryKey: keys.all('users') })
      tell(`User ${user.name} created.`)
      onClose()
    } catch (thrown) {
      const failed = asProblem(thrown)
      if (!failed.passing) wish.current = requestId()
      form.setErrors(failed.fields)
      setProblem(fields.some((field) => field in failed.fields) ? undefined : failed)
      setBusy(false)
    }
  })

  return (
    <form onSubmit={submit} className="dialog" noValidate>
      <TextInput label="Name" autoComplete="off" spellCheck={false} data-autofocus {...form.getInputProps('name')} />
      <TextInput label="Full name" autoComplete="off" {...form.getInputProps('full_name')} />
      <PasswordInput
        label="Password"
        description="At least 12 characters."
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        {...form.getInputProps('password')}
      />
      <MultiSelect
        label="Groups"
        description="What the user may do."
        placeholder={form.values.groups.length === 0 ? 'Choose groups' : undefined}
        data={groups.map(({ name, description }) => ({ value: name, label: name, description }))}
        searchable
        hidePickedOptions
        {...form.getInputProps('groups')}
      />
      {problem && <ErrorPanel problem={problem} />}
      <div className="dialog-buttons">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={busy}>
          Create
        </Button>
      </div>
    </form>
  )
}
