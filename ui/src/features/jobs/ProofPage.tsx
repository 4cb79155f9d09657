import { SegmentedControl } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useObstacle } from '../../api/session'
import { Action } from '../../components/Action'
import { Empty } from '../../components/Empty'
import { IconPlus } from '../../components/icons'
import { Page } from '../../components/Page'
import { proofColumns } from './columns'
import { JobList } from './JobList'
import { ProveDialog } from './ProveDialog'

type Kind = 'drills' | 'verifications'

const about: Record<Kind, string> = {
  drills: 'A sample of a backup is restored and compared; the node signs what it found.',
  verifications: 'The data of a backup is read again and checked.',
}

export function DrillsPage() {
  return <ProofPage kind="drills" />
}

export function VerificationsPage() {
  return <ProofPage kind="verifications" />
}

/** What has been proved of the backups, and when. */
function ProofPage({ kind }: { kind: Kind }) {
  const navigate = useNavigate()
  const mayRun = useObstacle('backups:run')
  const { job } = useSearch({ strict: false }) as { job?: string }
  const [asking, setAsking] = useState(false)
  const drill = kind === 'drills'
  const verb = drill ? 'Run a drill' : 'Verify a backup'
  return (
    <Page
      title={drill ? 'Restore drills' : 'Verifications'}
      note={about[kind]}
      actions={
        <>
          <SegmentedControl
            size="xs"
            aria-label="Kind of proof"
            data={[
              { value: 'drills', label: 'Drills' },
              { value: 'verifications', label: 'Verifications' },
            ]}
            value={kind}
            onChange={(to) => void navigate({ to: to === 'drills' ? '/drills' : '/verifications' })}
          />
          <Action variant="filled" leftSection={<IconPlus size={16} />} onClick={() => setAsking(true)} obstacle={mayRun}>
            {verb}
          </Action>
        </>
      }
      fills
    >
      <JobList
        key={kind}
        noun={kind}
        one={drill ? 'drill' : 'verification'}
        columns={proofColumns}
        empty={
          <Empty title={drill ? 'No drills yet' : 'No verifications yet'} action={verb} onAction={() => setAsking(true)} obstacle={mayRun}>
            {drill ? 'A backup is proved by restoring from it. The settings say how often that is done by itself.' : about.verifications}
          </Empty>
        }
      />
      <ProveDialog kind={kind} opened={asking && !job} onClose={() => setAsking(false)} />
    </Page>
  )
}
