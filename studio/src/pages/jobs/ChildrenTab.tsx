/** The jobs that this one is made of. */

import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback } from 'react'

import { listOf, rowsOf } from '@/api/queries'
import { EmptyPage } from '@/parts/EmptyPage'
import { Duration } from '@/parts/format'
import { PageLink, useWorkspace } from '@/parts/place'
import { ResourceTable } from '@/parts/ResourceTable'
import { StateBadge } from '@/parts/StateBadge'
import '@/parts/table.css'

import { JOB_COLUMNS } from './columns'
import type { Job, StepStatus } from './job'

export function ChildrenTab({ job }: { job: Job }) {
  const workspace = useWorkspace()
  const jobs = useInfiniteQuery(listOf(workspace, 'job', { parent_job_name: job.name, archived: 'all' }))
  const { fetchNextPage } = jobs
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage])
  const steps = Object.entries(job.steps ?? {})
  return (
    <>
      {steps.length > 0 && <Steps steps={steps} />}
      {job.type === 'sweep' && (
        <p>
          <PageLink to={['sweeps', job.name]}>Trials as curves and parallel coordinates</PageLink>
        </p>
      )}
      <ResourceTable
        name="children"
        label="Children"
        columns={JOB_COLUMNS}
        rows={rowsOf(jobs.data) as unknown as Job[]}
        id={(one) => one.name}
        loading={jobs.isLoading}
        error={jobs.error}
        retry={() => void jobs.refetch()}
        more={jobs.hasNextPage}
        onEnd={more}
        empty={
          <EmptyPage
            title="No children"
            about="Steps of a pipeline, trials of a sweep and runs that the job’s code starts show here."
            command={'with mlflow.start_run(nested=True):\n    ...'}
          />
        }
      />
    </>
  )
}

function Steps({ steps }: { steps: [string, StepStatus][] }) {
  return (
    <section className="card scroll-x">
      <table className="plain-table">
        <caption className="sr-only">Steps</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">State</th>
            <th scope="col">Duration</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {steps.map(([name, step]) => (
            <tr key={name}>
              <td>{step.job ? <PageLink to={['jobs', step.reused ?? step.job]}>{name}</PageLink> : name}</td>
              <td>
                <StateBadge state={step.status} />
              </td>
              <td>
                <Duration from={step.started_at} to={step.ended_at} />
              </td>
              <td className="muted">{reason(step)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function reason(step: StepStatus): string {
  if (step.error) return step.error
  if (step.reused) return `Reused: ${step.reused} did the same`
  return step.note ?? ''
}
