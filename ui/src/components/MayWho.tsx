import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, must } from '../api/client'
import { asProblem } from '../api/problem'
import { useMe, useObstacle } from '../api/session'
import { ErrorPanel } from './ErrorPanel'
import { IconCheck, IconX } from './icons'
import { useUserNames } from './names'

const ofData = ['data:read', 'data:write', 'backups:read', 'backups:run', 'backups:restore', 'backups:delete']

interface Props {
  /** The object that it is about; "" asks about rights in general. */
  object: string
  /** The right that is asked about first. */
  right: string
  /** The rights to choose from. */
  rights?: readonly string[]
}

/** Asks whether somebody may do something with an object, and why. */
export function MayWho({ object, right: first, rights = ofData }: Props) {
  const me = useMe().user.name
  const mayUsers = useObstacle('users:read') === undefined
  const others = useUserNames(mayUsers)
  const [user, setUser] = useState(me)
  const [right, setRight] = useState(first)
  const answer = useQuery({
    queryKey: ['acls', 'explain', user, right, object],
    queryFn: () => must(api.GET('/v1/access/explain', { params: { query: { user, right, ...(object && { object }) } } })),
  })
  return (
    <div className="may">
      <div className="may-question">
        <Select label="May" data={[...new Set([me, ...others.map((u) => u.value)])]} value={user} onChange={(value) => setUser(value ?? me)} searchable allowDeselect={false} />
        <Select label="use the right" data={[...rights]} value={right} onChange={(value) => setRight(value ?? first)} allowDeselect={false} />
      </div>
      {answer.error && <ErrorPanel problem={asProblem(answer.error)} onRetry={() => void answer.refetch()} />}
      {answer.data && (
        <p className={`may-answer tone-${answer.data.allowed ? 'green' : 'red'}`} role="status">
          {answer.data.allowed ? <IconCheck size={16} aria-hidden="true" /> : <IconX size={16} aria-hidden="true" />}
          <span>
            <b>{answer.data.allowed ? 'Yes.' : 'No.'}</b> {answer.data.text}
          </span>
        </p>
      )}
    </div>
  )
}
