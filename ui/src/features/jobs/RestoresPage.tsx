import { useNavigate } from '@tanstack/react-router'
import { useLiveWord } from '../../api/live'
import { Action } from '../../components/Action'
import { Empty } from '../../components/Empty'
import { IconFind } from '../../components/icons'
import { Page } from '../../components/Page'
import { restoreColumns } from './columns'
import { JobList } from './JobList'

/** All restores: what is being brought back, and what was. */
export function RestoresPage() {
  const navigate = useNavigate()
  const live = useLiveWord()
  return (
    <Page
      title="Restores"
      note={`What is brought back, and what was, ${live}`}
      actions={
        <Action variant="filled" leftSection={<IconFind size={16} />} onClick={() => void navigate({ to: '/find' })}>
          Find a file
        </Action>
      }
      fills
    >
      <JobList
        noun="restores"
        one="restore"
        columns={restoreColumns}
        empty={
          <Empty title="No restores yet" action="Find a file" onAction={() => void navigate({ to: '/find' })}>
            A restore begins at a backup, at its files, or at a file that was found.
          </Empty>
        }
      />
    </Page>
  )
}
