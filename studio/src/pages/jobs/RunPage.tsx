/** One job: how it goes, what it logged, what it used and made. */

import { useQuery } from '@tanstack/react-query'
import { stringify } from 'yaml'

import { oneOf } from '@/api/queries'
import { CommandPanel, program } from '@/parts/CommandPanel'
import { Duration } from '@/parts/format'
import { PageHeader } from '@/parts/PageHeader'
import { PageLink, useParam, useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { StateBadge } from '@/parts/StateBadge'
import { Tabs } from '@/parts/Tabs'

import { ChildrenTab } from './ChildrenTab'
import { CodeTab } from './CodeTab'
import { documentOf, titleOf, type Job } from './job'
import { EnvironmentTab } from './EnvironmentTab'
import { InputsTab } from './InputsTab'
import { LogsTab } from './LogsTab'
import { MetricsTab } from './MetricsTab'
import { OutputsTab } from './OutputsTab'
import { OverviewTab } from './OverviewTab'
import { RawTab } from './RawTab'
import { ResourcesTab } from './ResourcesTab'
import { RunActions } from './RunActions'

const TABS = [
  { id: 'overview', title: 'Overview' },
  { id: 'metrics', title: 'Metrics' },
  { id: 'logs', title: 'Logs' },
  { id: 'outputs', title: 'Outputs' },
  { id: 'code', title: 'Code' },
  { id: 'children', title: 'Children' },
  { id: 'inputs', title: 'Inputs and lineage' },
  { id: 'environment', title: 'Environment' },
  { id: 'resources', title: 'Resources' },
  { id: 'raw', title: 'Raw' },
] as const

type TabId = (typeof TABS)[number]['id']

export default function RunPage() {
  const workspace = useWorkspace()
  const name = useParam('name')
  const found = useQuery(oneOf(workspace, 'job', { name }))
  const [view, setView] = useView<{ tab: TabId }>({ tab: 'overview' })
  if (found.error) return <ProblemView error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <PageHeader title={name} crumbs={[{ title: 'Jobs', to: ['jobs'] }]} />
  const job = found.data as unknown as Job
  return (
    <>
      <RunHeader job={job} />
      <Tabs
        label="Parts of the job"
        tabs={[...TABS]}
        open={view.tab}
        onOpen={(tab) => {
          setView({ tab }, true)
        }}
      >
        <Open tab={view.tab} job={job} />
      </Tabs>
    </>
  )
}

function RunHeader({ job }: { job: Job }) {
  const reason = job.error?.message
  return (
    <PageHeader
      title={titleOf(job)}
      beside={<StateBadge state={job.status} title={reason} />}
      crumbs={[
        { title: 'Jobs', to: ['jobs'] },
        ...(job.parent_job_name ? [{ title: job.parent_job_name, to: ['jobs', job.parent_job_name] }] : []),
      ]}
      about={
        <>
          <span className="mono">{job.name}</span>
          {' · '}
          {job.type}
          {job.experiment_name && (
            <>
              {' · in '}
              <PageLink to={['jobs']} search={{ experiment: job.experiment_name }}>
                {job.experiment_name}
              </PageLink>
            </>
          )}
          {job.started_at !== undefined && (
            <>
              {' · '}
              <Duration from={job.started_at} to={job.ended_at} />
            </>
          )}
          {job.compute && ` · on ${job.compute}`}
        </>
      }
    >
      <CommandPanel
        cli={`zaffre job show -n ${job.name}\nzaffre job stream -n ${job.name}\nzaffre job download -n ${job.name}`}
        sdk={program(
          `job = ml.jobs.get("${job.name}")\nml.jobs.stream(job.name)\nml.jobs.download(job.name)`,
        )}
        yaml={stringify(documentOf(job))}
        rest={`GET ${location.origin}/api/v1/workspaces/${job.workspace}/jobs/${job.name}`}
      />
      <RunActions job={job} />
    </PageHeader>
  )
}

function Open({ tab, job }: { tab: TabId; job: Job }) {
  switch (tab) {
    case 'metrics':
      return <MetricsTab job={job} />
    case 'logs':
      return <LogsTab job={job} />
    case 'outputs':
      return <OutputsTab job={job} />
    case 'code':
      return <CodeTab job={job} />
    case 'children':
      return <ChildrenTab job={job} />
    case 'inputs':
      return <InputsTab job={job} />
    case 'environment':
      return <EnvironmentTab job={job} />
    case 'resources':
      return <ResourcesTab job={job} />
    case 'raw':
      return <RawTab job={job} />
    default:
      return <OverviewTab job={job} />
  }
}
