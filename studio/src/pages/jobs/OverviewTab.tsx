/** The job at a glance: why it is as it is, when, with what, and its latest metrics. */

import { useQuery } from '@tanstack/react-query'

import { numberOf, runOf } from '@/api/mlflow'
import { CodeBlock } from '@/parts/Copy'
import { Duration, numeral, TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink } from '@/parts/place'
import { Tag } from '@/parts/StateBadge'
import '@/parts/table.css'

import { assetOf, submitted, type Job } from './job'

export function OverviewTab({ job }: { job: Job }) {
  return (
    <>
      {job.error && (
        <section className="problem">
          <h2>{job.error.message}</h2>
          <p>
            The log tells more:{' '}
            <PageLink to={['jobs', job.name]} search={{ tab: 'logs' }}>
              open it
            </PageLink>
            {submitted(job) && <>; “Run again” starts the same job once more</>}.
          </p>
        </section>
      )}
      {job.warnings && job.warnings.length > 0 && (
        <section className="card">
          <header>
            <h2>Warnings</h2>
          </header>
          <ul className="body stack">
            {job.warnings.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </section>
      )}
      <div className="grid">
        <Facts job={job} />
        <Metrics job={job} />
      </div>
      {job.command && (
        <section className="card">
          <header>
            <h2>Command</h2>
          </header>
          <div className="body">
            <CodeBlock text={job.command} label="command" />
          </div>
        </section>
      )}
    </>
  )
}

function Facts({ job }: { job: Job }) {
  const environment = assetOf(job.environment_id)
  const tags = Object.entries(job.tags)
  return (
    <section className="card">
      <header>
        <h2>Facts</h2>
      </header>
      <div className="body">
        <KeyValue
          facts={[
            ['Created', <TimeAgo key="c" at={job.creation_context.created_at} />],
            ['By', job.creation_context.created_by],
            ['Waited', waited(job)],
            ['Ran', job.started_at && <Duration key="d" from={job.started_at} to={job.ended_at} />],
            ['Exit code', job.exit_code],
            ['Signal', job.signal],
            ['Attempt', (job.attempt ?? 0) > 1 ? job.attempt : undefined],
            ['Compute', job.compute ?? (submitted(job) ? 'local' : undefined)],
            [
              'Environment',
              environment && (
                <PageLink
                  key="e"
                  to={['environments', environment.name]}
                  search={{ version: environment.version }}
                >
                  {environment.name}:{environment.version.slice(0, 12)}
                </PageLink>
              ),
            ],
            ['Parent', job.parent_job_name && <JobLink key="p" name={job.parent_job_name} />],
            ['Reused from', job.reused_from && <JobLink key="r" name={job.reused_from} />],
            ['Best child', job.best_child && <JobLink key="b" name={job.best_child} />],
            ['Description', job.description],
            [
              'Tags',
              tags.length > 0 && (
                <span key="t" className="row">
                  {tags.map(([key, value]) => (
                    <Tag key={key}>{value ? `${key}: ${value}` : key}</Tag>
                  ))}
                </span>
              ),
            ],
          ]}
        />
      </div>
    </section>
  )
}

function JobLink({ name }: { name: string }) {
  return <PageLink to={['jobs', name]}>{name}</PageLink>
}

function waited(job: Job) {
  if (job.queued_at === undefined) return undefined
  return <Duration from={job.queued_at} to={job.started_at ?? job.ended_at} />
}

function Metrics({ job }: { job: Job }) {
  const run = useQuery(runOf(job.workspace, job.name))
  const metrics = (run.data?.data.metrics ?? []).filter((one) => !one.key.startsWith('system/'))
  const params = run.data?.data.params ?? []
  return (
    <section className="card">
      <header>
        <h2>Logged</h2>
      </header>
      <div className="scroll-x">
        {metrics.length + params.length === 0 ? (
          <p className="body muted">
            Nothing yet. <code>mlflow.log_metric</code> or <code>zaffre.ml.log_metric</code> in the job’s code
            shows here.
          </p>
        ) : (
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Value</th>
                <th scope="col">Step</th>
              </tr>
            </thead>
            <tbody>
              {metrics.map((one) => (
                <tr key={one.key}>
                  <td>{one.key}</td>
                  <td className="number">{numeral(numberOf(one.value))}</td>
                  <td className="number muted">{one.step}</td>
                </tr>
              ))}
              {params.map((one) => (
                <tr key={`param ${one.key}`}>
                  <td>{one.key}</td>
                  <td className="mono">{one.value}</td>
                  <td className="muted">param</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  )
}
