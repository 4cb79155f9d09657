import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { useEffect, useState, type FormEvent } from 'react'
import { api, must, wire } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { useAnswered } from '../../api/session'
import { Logo } from '../../app/Logo'
import { duration } from '../../components/format'
import { useNow } from '../../components/hooks'
import { IconError } from '../../components/icons'
import { safeNext } from './next'
import './login.css'

function words(problem: Problem): string {
  switch (problem.status) {
    case 401:
    case 422:
      return 'Name or password is wrong.'
    case 429:
      return 'Too many attempts.'
    default:
      return problem.message
  }
}

/** Name and password. */
export function LoginPage() {
  const { next } = useSearch({ strict: false }) as { next?: string }
  const router = useRouter()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const [lockedUntil, setLockedUntil] = useState(0)
  const locked = Math.max(0, lockedUntil - useNow())
  useEffect(() => {
    document.title = 'Log in · Backup Cluster Manager'
  }, [])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy || locked > 0) return
    setBusy(true)
    setProblem(undefined)
    try {
      await must(api.POST('/v1/login', { body: { name: name.trim(), password } }))
      queries.removeQueries()
      router.history.push(safeNext(next))
    } catch (thrown) {
      const failed = asProblem(thrown)
      setProblem(failed)
      if (failed.retryAfter) setLockedUntil(Date.now() + failed.retryAfter * 1000)
      setPassword('')
    } finally {
      setBusy(false)
    }
  }

  return (
    <main className="login">
      <form className="login-card card" onSubmit={submit} aria-label="Log in">
        <h1>
          <Logo size={32} />
          Backup Cluster Manager
        </h1>
        <TextInput
          label="Name"
          name="username"
          size="sm"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          required
          withAsterisk={false}
          autoFocus
        />
        <PasswordInput
          label="Password"
          name="password"
          size="sm"
          autoComplete="current-password"
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        {problem && (
          <p className="login-problem" role="alert">
            <IconError size={17} aria-hidden="true" />
            {words(problem)}
            {locked > 0 && ` Try again in ${duration(locked)}.`}
          </p>
        )}
        <Button type="submit" size="sm" loading={busy} disabled={locked > 0}>
          Log in
        </Button>
        <Served />
      </form>
    </main>
  )
}

/** Which manager this is, and who leads: its answers say so, whatever they are about. */
function Served() {
  const alive = useQuery({ queryKey: ['alive'], queryFn: ping, retry: false, refetchInterval: 5000 })
  const { by, leader } = useAnswered()
  if (alive.isError) return <p className="login-note">This manager does not answer at the moment.</p>
  if (!by) return <p className="login-note">&nbsp;</p>
  return (
    <p className="login-note">
      {by} answers. {leader ? `${leader} leads.` : 'There is no leader at the moment.'}
    </p>
  )
}

async function ping(): Promise<boolean> {
  const response = await fetch('/livez')
  wire.note(response.headers)
  return response.ok
}
