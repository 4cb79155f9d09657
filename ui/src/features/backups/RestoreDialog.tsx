import { Button, Modal, Radio, Select, TextInput } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import { api, must, requestId } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import { keys } from '../../api/queries'
import { ErrorPanel } from '../../components/ErrorPanel'
import { plural } from '../../components/format'
import { Progress } from '../../components/Meter'
import { StateBadge } from '../../components/StateBadge'
import { lookOf, runStates } from '../../components/states'
import { useBackupManagers } from '../../components/names'
import { fraction, isLive, progressWords } from '../../components/run'

interface Props {
  backup: string
  /** What to restore; the dialog is open while there is anything. */
  paths: string[]
  onClose: () => void
}

/** Restores paths of a backup to a node, and shows how it goes. */
export function RestoreDialog({ backup, paths, onClose }: Props) {
  const [jobs, setJobs] = useState<string[]>([])
  const close = () => {
    setJobs([])
    onClose()
  }
  const what = paths.length === 1 ? (paths[0] === '/' ? 'everything' : paths[0]) : plural(paths.length, 'path')
  return (
    <Modal opened={paths.length > 0} onClose={close} title={`Restore ${what}`} size={480}>
      {paths.length > 0 && jobs.length === 0 && <Form backup={backup} paths={paths} onClose={close} onStarted={setJobs} />}
      {jobs.length > 0 && <Watch jobs={jobs} onClose={close} />}
    </Modal>
  )
}

const rules = [
  { value: 'never', label: 'Keep it', note: 'Only what is missing is restored.' },
  { value: 'if-newer', label: 'Replace it when the one in the backup is newer', note: '' },
  { value: 'always', label: 'Replace it', note: 'What is there now is lost.' },
]

interface FormProps extends Props {
  onStarted: (jobs: string[]) => void
}

function Form({ backup, paths, onClose, onStarted }: FormProps) {
  const nodes = useBackupManagers().data?.items ?? []
  const [node, setNode] = useState('')
  const [target, setTarget] = useState('')
  const [overwrite, setOverwrite] = useState('never')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const wish = useRef(requestId())
  const ready = node !== '' && target.startsWith('/')

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!ready) return
    setBusy(true)
    setProblem(undefined)
    try {
      const jobs: string[] = []
      for (const [i, path] of paths.entries()) {
        const body = { path, node, target, overwrite }
        const headers = { 'Bcm-Request-Id': `${wish.current}-${i}` }
        const job = await must(api.POST('/v1/backups/{backup}/restore', { params: { path: { backup } }, body, headers }))
        jobs.push(job.id)
      }
      onStarted(jobs)
    } catch (thrown) {
      const failed = asProblem(thrown)
      if (!failed.passing) wish.current = requestId()
      setProblem(failed)
      setBusy(false)
    }
  }

  return (
    <form onSubmit={submit} className="dialog">
      <Select
        label="Node"
        description="The backup manager that writes the files."
        placeholder="Choose a node"
        data={nodes.map((n) => ({ value: n.name, label: n.name, disabled: n.status === 'offline' || n.status === 'left' }))}
        value={node || null}
        onChange={(value) => setNode(value ?? '')}
        error={problem?.fields.node}
        data-autofocus
      />
      <TextInput
        label="Folder"
        description="It is made when it is not there."
        placeholder="/srv/restore"
        value={target}
        onChange={(e) => setTarget(e.currentTarget.value)}
        error={problem?.fields.target ?? (target !== '' && !target.startsWith('/') ? 'An absolute path begins with /' : undefined)}
        spellCheck={false}
        autoComplete="off"
      />
      <Radio.Group label="When a file is there already" value={overwrite} onChange={setOverwrite}>
        <div className="choices choices-tight">
          {rules.map((rule) => (
            <Radio key={rule.value} value={rule.value} label={rule.label} description={rule.note || undefined} />
          ))}
        </div>
      </Radio.Group>
      {problem && <ErrorPanel problem={problem} />}
      <div className="dialog-buttons">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={!ready} loading={busy}>
          Restore
        </Button>
      </div>
    </form>
  )
}

function Watch({ jobs, onClose }: { jobs: string[]; onClose: () => void }) {
  const results = useQueries({
    queries: jobs.map((id) => ({
      queryKey: keys.one('restores', id),
      queryFn: () => must(api.GET('/v1/restores/{job}', { params: { path: { job: id } } })),
      refetchInterval: ({ state }: { state: { data?: { status: string } } }) =>
        !state.data || isLive(state.data.status) ? 1000 : (false as const),
    })),
  })
  return (
    <div className="dialog">
      <ul className="restores">
        {results.map((result, i) => (
          <li key={jobs[i]}>
            {result.data && (
              <>
                <span className="restore-head">
                  <b>{result.data.path}</b> to {result.data.target} on {result.data.node}
                  <StateBadge look={lookOf(runStates, result.data.status)} />
                </span>
                {isLive(result.data.status) && <Progress label={`Restore of ${result.data.path}`} value={fraction(result.data.progress)} />}
                <span className="cell-muted">{result.data.error || progressWords(result.data.progress)}</span>
              </>
            )}
            {result.error && <ErrorPanel problem={asProblem(result.error)} onRetry={() => void result.refetch()} />}
          </li>
        ))}
      </ul>
      <p className="cell-muted">The restore goes on when this is closed.</p>
      <div className="dialog-buttons">
        <Button onClick={onClose}>Close</Button>
      </div>
    </div>
  )
}
