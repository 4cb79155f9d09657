import { useNavigate } from '@tanstack/react-router'
import { asProblem } from '../../api/problem'
import { useCluster, useObstacle, useStats } from '../../api/session'
import { Action } from '../../components/Action'
import { ErrorPanel } from '../../components/ErrorPanel'
import { count, plural } from '../../components/format'
import { IconPlus } from '../../components/icons'
import { Page } from '../../components/Page'
import { AttentionCard, useAttention } from './AttentionCard'
import { CapacityCard } from './CapacityCard'
import { ResultsCard } from './ResultsCard'
import { RunningCard } from './RunningCard'
import { Tiles } from './Tiles'
import { TopologyCard } from './TopologyCard'
import './overview.css'

/** The whole grid at a glance: what is wrong first. */
export function OverviewPage() {
  const stats = useStats()
  const cluster = useCluster()
  const attention = useAttention()
  const navigate = useNavigate()
  const mayRun = useObstacle('backups:run')
  const note = stats.data ? `${plural(stats.data.nodes.total, 'node')}. ${says(attention.length)}` : ''
  return (
    <Page
      title="Overview"
      note={note}
      actions={
        <Action
          variant="filled"
          leftSection={<IconPlus size={16} />}
          onClick={() => void navigate({ to: '/backups', search: { run: '?' } })}
          obstacle={mayRun}
        >
          New backup
        </Action>
      }
    >
      {stats.error && <ErrorPanel problem={asProblem(stats.error)} onRetry={() => void stats.refetch()} />}
      <Tiles stats={stats.data} cluster={cluster.data} />
      <div className="overview">
        <div className="overview-main">
          <TopologyCard stats={stats.data} cluster={cluster.data} />
          <ResultsCard stats={stats.data} />
        </div>
        <div className="overview-side">
          <AttentionCard things={attention} />
          <RunningCard running={stats.data?.backups.running ?? 0} />
          <CapacityCard stats={stats.data} />
        </div>
      </div>
    </Page>
  )
}

function says(urgent: number): string {
  if (urgent === 0) return 'Nothing needs you now.'
  return urgent === 1 ? 'One thing needs you now.' : `${count(urgent)} things need you now.`
}
