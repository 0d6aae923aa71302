/** What the job was given, and what everything came of. */

import { useQuery } from '@tanstack/react-query'

import { runOf } from '@/api/mlflow'
import { Neighbours } from '@/parts/Neighbours'
import { PageLink } from '@/parts/place'
import '@/parts/table.css'

import { assetOf, type Job } from './job'

export function InputsTab({ job }: { job: Job }) {
  return (
    <>
      <Inputs job={job} />
      <Neighbours kind="job" name={job.name} />
    </>
  )
}

function Inputs({ job }: { job: Job }) {
  const run = useQuery(runOf(job.workspace, job.name))
  const inputs = Object.entries(job.inputs ?? {})
  const datasets = run.data?.inputs?.dataset_inputs ?? []
  return (
    <section className="card scroll-x">
      <header>
        <h2>Inputs</h2>
      </header>
      {inputs.length + datasets.length === 0 ? (
        <p className="body muted">The job was given nothing but its command.</p>
      ) : (
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Given</th>
              <th scope="col">Found to be</th>
            </tr>
          </thead>
          <tbody>
            {inputs.map(([name, value]) => (
              <tr key={name}>
                <td>{name}</td>
                <td className="mono">{given(value)}</td>
                <td>
                  <Resolved reference={job.resolved_inputs?.[name]} />
                </td>
              </tr>
            ))}
            {datasets.map(({ dataset }) => (
              <tr key={`${dataset.name} ${dataset.digest}`}>
                <td>{dataset.name}</td>
                <td className="mono">logged by the code</td>
                <td className="mono">{dataset.digest}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function given(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const path = (value as { path?: unknown }).path
  return typeof path === 'string' ? path : JSON.stringify(value)
}

function Resolved({ reference }: { reference: string | undefined }) {
  const asset = assetOf(reference)
  if (!reference) return <span className="muted">the value itself</span>
  if (!asset) return <code>{reference}</code>
  return (
    <PageLink to={['data', asset.name]} search={{ version: asset.version }}>
      {asset.name}:{asset.version}
    </PageLink>
  )
}
