/** All jobs and runs of the workspace. */

import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback } from 'react'

import type { Resource } from '@/api/kinds'
import { listOf, rowsOf } from '@/api/queries'
import { CommandPanel, program } from '@/parts/CommandPanel'
import { EmptyPage } from '@/parts/EmptyPage'
import { Duration, TimeAgo } from '@/parts/format'
import { PageHeader } from '@/parts/PageHeader'
import { PageLink, useView, useWorkspace } from '@/parts/place'
import { ResourceTable, type Column } from '@/parts/ResourceTable'
import { StateBadge } from '@/parts/StateBadge'

type Job = Resource<'job'>

const COLUMNS: Column<Job>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(12rem, 2fr)',
    cell: (job) => <PageLink to={['jobs', job.name]}>{job.display_name ?? job.name}</PageLink>,
  },
  { id: 'status', title: 'State', width: '9rem', cell: (job) => <StateBadge state={job.status} /> },
  { id: 'experiment', title: 'Experiment', cell: (job) => job.experiment_name },
  {
    id: 'created',
    title: 'Created',
    width: '8rem',
    cell: (job) => <TimeAgo at={job.creation_context.created_at} />,
  },
  {
    id: 'duration',
    title: 'Duration',
    width: '8rem',
    cell: (job) => <Duration from={job.started_at} to={job.ended_at} />,
  },
]

export default function JobsPage() {
  const workspace = useWorkspace()
  const [view, setView] = useView({ q: '' })
  const jobs = useInfiniteQuery(listOf(workspace, 'job', { name_contains: view.q }))
  const rows = rowsOf(jobs.data)
  const { fetchNextPage } = jobs
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage])
  return (
    <>
      <div className="stack">
        <PageHeader
          title="Jobs"
          about="Every run of work: jobs of this workspace, and runs that programs logged."
        >
          <CommandPanel
            cli="zaffre job list"
            sdk={program('for job in ml.jobs.list():\n    print(job.name, job.status)')}
          />
        </PageHeader>
        <input
          className="input"
          type="search"
          aria-label="Search jobs by name"
          placeholder="Search by name"
          value={view.q}
          onChange={(event) => {
            setView({ q: event.target.value })
          }}
        />
      </div>
      <ResourceTable
        name="jobs"
        label="Jobs"
        columns={COLUMNS}
        rows={rows}
        id={(job) => job.name}
        loading={jobs.isLoading}
        error={jobs.error}
        retry={() => void jobs.refetch()}
        more={jobs.hasNextPage}
        onEnd={more}
        empty={
          <EmptyPage
            title="No job yet"
            about="A job is one run of work: a command, a pipeline or a sweep, with what it needs and what came of it."
            command="zaffre job create -f job.yml --stream"
          />
        }
      />
    </>
  )
}
