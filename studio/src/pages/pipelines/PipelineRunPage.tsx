/** One run of a pipeline: when each step ran, what was reused, and why something did not run. */

import { useQuery } from '@tanstack/react-query'

import { oneOf } from '@/api/queries'
import { CommandPanel, program } from '@/parts/CommandPanel'
import { Duration, duration, TimeAgo, useNow } from '@/parts/format'
import { Icon } from '@/parts/Icon'
import { KeyValue } from '@/parts/KeyValue'
import { PageHeader } from '@/parts/PageHeader'
import { PageLink, useParam, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { StateBadge, Tag, toneOf } from '@/parts/StateBadge'

import { bars, progress, type Bar } from './steps'

import './pipelines.css'

export default function PipelineRunPage() {
  const workspace = useWorkspace()
  const name = useParam('name')
  const found = useQuery(oneOf(workspace, 'job', { name }))
  const now = useNow()
  const crumbs = [{ title: 'Pipelines', to: ['pipelines'] }]
  if (found.error) return <ProblemView error={found.error} retry={() => void found.refetch()} />
  const job = found.data
  if (!job) return <PageHeader title={name} crumbs={crumbs} />
  const begun = job.started_at ?? job.queued_at ?? now
  const rows = bars(job.steps ?? {}, begun, job.ended_at ?? now)
  return (
    <div className="stack">
      <PageHeader
        title={job.display_name ?? job.name}
        beside={<StateBadge state={job.status} />}
        about={<span className="mono">{job.name}</span>}
        crumbs={crumbs}
      >
        <CommandPanel
          cli={`zaffre job show -n ${job.name}\nzaffre job stream -n ${job.name}`}
          sdk={program(`job = ml.jobs.get("${job.name}")\nml.jobs.stream(job.name)`)}
        />
        <PageLink to={['jobs', job.name]} className="button">
          <Icon name="jobs" />
          The job
        </PageLink>
        <PageLink to={['designer']} search={{ job: job.name }} className="button primary">
          <Icon name="designer" />
          Open in the designer
        </PageLink>
      </PageHeader>
      <section className="card">
        <div className="body">
          <KeyValue
            facts={[
              ['Steps', progress(job.steps ?? {})],
              ['Experiment', job.experiment_name],
              ['Created', <TimeAgo key="c" at={job.creation_context.created_at} />],
              ['Duration', <Duration key="d" from={job.started_at} to={job.ended_at} />],
              ['Why', job.error?.message],
            ]}
          />
        </div>
      </section>
      <section className="card">
        <header>
          <h2>Steps in their time</h2>
          <span className="muted small">{duration((job.ended_at ?? now) - begun)} in all</span>
        </header>
        {rows.length === 0 ? (
          <p className="body muted">No step has begun yet.</p>
        ) : (
          <div className="scroll-x">
            <table className="plain-table gantt">
              <thead>
                <tr>
                  <th scope="col">Step</th>
                  <th scope="col">State</th>
                  <th scope="col" className="gantt-time">
                    When
                  </th>
                  <th scope="col">Took</th>
                  <th scope="col">About</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((bar) => (
                  <StepRow key={bar.name} bar={bar} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </div>
  )
}

function StepRow({ bar: { name, step, from, length } }: { bar: Bar }) {
  return (
    <tr>
      <th scope="row">{step.job ? <PageLink to={['jobs', step.job]}>{name}</PageLink> : name}</th>
      <td>
        <StateBadge state={step.status} />
      </td>
      <td>
        <div className="gantt-line">
          {step.started_at && (
            <div
              className="gantt-bar"
              data-tone={step.reused ? 'reused' : toneOf(step.status)}
              style={{ left: `${from * 100}%`, width: `max(3px, ${length * 100}%)` }}
            />
          )}
        </div>
      </td>
      <td>
        <Duration from={step.started_at} to={step.ended_at} />
      </td>
      <td>
        {step.reused ? (
          <>
            <Tag>Reused</Tag> <PageLink to={['jobs', step.reused]}>{step.reused}</PageLink>
          </>
        ) : (
          (step.error ?? step.note ?? (step.attempt > 1 ? `try ${step.attempt}` : ''))
        )}
      </td>
    </tr>
  )
}
