import { Button, Modal, Radio, Select, TextInput } from '@mantine/core'
import { useRef, useState, type FormEvent } from 'react'
import { api, must, requestId } from '../../api/client'
import { asProblem, type Problem } from '../../api/problem'
import type { Job } from '../../api/types'
import { ErrorPanel } from '../../components/ErrorPanel'
import { plural } from '../../components/format'
import { changeWords, useJob } from '../../components/jobs'
import { JobBadge, JobState } from '../../components/JobView'
import { useBackupManagers } from '../../components/names'
import { isLive } from '../../components/run'
import { emptyWish, overwrites, readyWish, restoreBody, type Wish } from './wish'

interface Props {
  backup: string
  /** What to restore; the dialog is open while there is anything. */
  paths: string[]
  onClose: () => void
}

/** Restores paths of a backup to a node, tried before when wished, and shows how it goes. */
export function RestoreDialog({ backup, paths, onClose }: Props) {
  const [job, setJob] = useState('')
  const [wish, setWish] = useState(emptyWish)
  const close = () => {
    setJob('')
    onClose()
  }
  const what = paths.length === 1 ? (paths[0] === '/' ? 'everything' : paths[0]) : plural(paths.length, 'path')
  return (
    <Modal opened={paths.length > 0} onClose={close} title={`Restore ${what}`} size={520}>
      {paths.length > 0 && job === '' && <Form backup={backup} paths={paths} wish={wish} onWish={setWish} onClose={close} onStarted={setJob} />}
      {job !== '' && <Watch id={job} onBack={() => setJob('')} onClose={close} />}
    </Modal>
  )
}

interface FormProps extends Props {
  wish: Wish
  onWish: (wish: Wish) => void
  onStarted: (job: string) => void
}

function Form({ backup, paths, wish, onWish, onClose, onStarted }: FormProps) {
  const nodes = useBackupManagers().data?.items ?? []
  const [busy, setBusy] = useState<'try' | 'do'>()
  const [problem, setProblem] = useState<Problem>()
  const request = useRef(requestId())
  const set = (change: Partial<Wish>) => onWish({ ...wish, ...change })
  const ready = readyWish(wish)

  const begin = async (dry: boolean) => {
    setBusy(dry ? 'try' : 'do')
    setProblem(undefined)
    try {
      const headers = { 'Bcm-Request-Id': `${request.current}-${dry ? 'try' : 'do'}` }
      const body = restoreBody(paths, wish, dry)
      const job = await must(api.POST('/v1/backups/{backup}/restore', { params: { path: { backup } }, body, headers }))
      onStarted(job.id)
    } catch (thrown) {
      const failed = asProblem(thrown)
      if (!failed.passing) request.current = requestId()
      setProblem(failed)
      setBusy(undefined)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready) void begin(false)
  }

  return (
    <form onSubmit={submit} className="dialog">
      <Radio.Group label="Where to" value={wish.origin ? 'origin' : 'target'} onChange={(value) => set({ origin: value === 'origin' })}>
        <div className="choices choices-tight">
          <Radio value="target" label="A folder of a node" />
          <Radio value="origin" label="Where it was" description="On the node that made the backup, unless another is chosen." />
        </div>
      </Radio.Group>
      <Select
        label="Node"
        description="The backup manager that writes the files."
        placeholder={wish.origin ? 'The one that made the backup' : 'Choose a node'}
        data={nodes.map((n) => ({ value: n.name, label: n.name, disabled: n.status === 'offline' || n.status === 'left' }))}
        value={wish.node || null}
        onChange={(value) => set({ node: value ?? '' })}
        error={problem?.fields.node}
        clearable={wish.origin}
        clearButtonProps={{ 'aria-label': 'The one that made the backup' }}
        data-autofocus
      />
      {!wish.origin && (
        <TextInput
          label="Folder"
          description="It is made when it is not there."
          placeholder="/srv/restore"
          value={wish.target}
          onChange={(e) => set({ target: e.currentTarget.value })}
          error={problem?.fields.target ?? (wish.target !== '' && !wish.target.startsWith('/') ? 'An absolute path begins with /' : undefined)}
          spellCheck={false}
          autoComplete="off"
        />
      )}
      <Radio.Group label="When a file is there already" value={wish.overwrite} onChange={(overwrite) => set({ overwrite })}>
        <div className="choices choices-tight">
          {overwrites.map((rule) => (
            <Radio key={rule.value} value={rule.value} label={rule.label} description={rule.note || undefined} />
          ))}
        </div>
      </Radio.Group>
      {problem && <ErrorPanel problem={problem} />}
      <div className="dialog-buttons">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button variant="default" disabled={!ready} loading={busy === 'try'} onClick={() => void begin(true)}>
          Try first
        </Button>
        <Button type="submit" disabled={!ready} loading={busy === 'do'}>
          Restore
        </Button>
      </div>
    </form>
  )
}

function Watch({ id, onBack, onClose }: { id: string; onBack: () => void; onClose: () => void }) {
  const { data: job, error, refetch } = useJob('restores', id)
  return (
    <div className="dialog">
      {error && <ErrorPanel problem={asProblem(error)} onRetry={() => void refetch()} />}
      {job && (
        <>
          <p className="restore-head">
            {headOf(job)} <JobBadge job={job} />
          </p>
          <JobState job={job} />
          {isLive(job.status) && <p className="cell-muted">It goes on when this is closed; the page of restores shows it.</p>}
        </>
      )}
      <div className="dialog-buttons">
        {job?.dry_run && (
          <Button variant="default" onClick={onBack}>
            Back
          </Button>
        )}
        <Button onClick={onClose}>Close</Button>
      </div>
    </div>
  )
}

function headOf(job: Job): string {
  const where = job.origin ? 'to where it was' : `to ${job.target}`
  const node = job.node ? ` on ${job.node}` : ''
  if (!job.dry_run) return `Restore ${where}${node}`
  return isLive(job.status) ? `Trying what a restore ${where}${node} would change` : `A restore ${where}${node} would change: ${changeWords(job)}`
}
