/** What the job was given, and what everything came of. */

import { useQuery } from '@tanstack/react-query'

import { runOf } from '@/api/mlflow'
import { address, send } from '@/api/client'
import { PageLink, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { Tag } from '@/parts/StateBadge'
import '@/parts/table.css'

import { assetOf, type Job } from './job'

interface Node {
  id: string
  kind: string
  name: string
  version: string
  label: string
  parent?: string
}

interface Lineage {
  start: string
  nodes: Node[]
  edges: { source: string; relation: string; target: string }[]
}

const PAGES: Record<string, string> = {
  job: 'jobs',
  run: 'jobs',
  data: 'data',
  model: 'models',
  environment: 'environments',
  component: 'components',
  online_endpoint: 'endpoints',
  batch_endpoint: 'batch-endpoints',
}

export function InputsTab({ job }: { job: Job }) {
  return (
    <>
      <Inputs job={job} />
      <Neighbours job={job} />
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

function Neighbours({ job }: { job: Job }) {
  const workspace = useWorkspace()
  const found = useQuery({
    queryKey: [workspace, 'job', 'one', job.name, '', '', 'lineage'],
    queryFn: async ({ signal }) => {
      const path = '/api/v1/workspaces/{workspace}/lineage/job/{name}'
      return (await send('get', address(path, { workspace, name: job.name }), { signal })) as Lineage
    },
  })
  if (found.error) return <ProblemView error={found.error} />
  const lineage = found.data ?? { start: '', nodes: [], edges: [] }
  const nodes = new Map(lineage.nodes.map((node) => [node.id, node]))
  const above = lineage.edges.filter((edge) => edge.target === lineage.start)
  const below = lineage.edges.filter((edge) => edge.source === lineage.start)
  return (
    <section className="card">
      <header>
        <h2>Lineage</h2>
        <PageLink to={['lineage']} search={{ kind: 'job', name: job.name }}>
          Open as a graph
        </PageLink>
      </header>
      <div className="body grid">
        <Side title="It came of" edges={above.map((edge) => [edge.relation, nodes.get(edge.source)])} />
        <Side title="Came of it" edges={below.map((edge) => [edge.relation, nodes.get(edge.target)])} />
      </div>
    </section>
  )
}

function Side({ title, edges }: { title: string; edges: [string, Node | undefined][] }) {
  return (
    <div className="stack">
      <h3>{title}</h3>
      {edges.length === 0 && <p className="muted">Nothing yet.</p>}
      <ul className="stack" style={{ gap: '0.4rem' }}>
        {edges.map(
          ([relation, node], index) => node && <NodeLine key={index} relation={relation} node={node} />,
        )}
      </ul>
    </div>
  )
}

function NodeLine({ relation, node }: { relation: string; node: Node }) {
  const page = PAGES[node.kind]
  const title = node.label || (node.version ? `${node.name}:${node.version.slice(0, 12)}` : node.name)
  return (
    <li className="row">
      <Tag>{node.kind.replace(/_/g, ' ')}</Tag>
      {page ? (
        <PageLink to={[page, node.name]} search={node.version ? { version: node.version } : {}}>
          {title}
        </PageLink>
      ) : (
        <span className="mono">{title}</span>
      )}
      <span className="muted small">{relation.replace(/_/g, ' ')}</span>
    </li>
  )
}
