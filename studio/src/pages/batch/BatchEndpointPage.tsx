/** One batch endpoint: its deployments, a form to invoke it, its jobs. */

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'

import { type PageOf, type Resource } from '@/api/kinds'
import { belowOf, listOf, rowsOf } from '@/api/queries'
import { EmptyPage } from '@/parts/EmptyPage'
import { Duration, TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { ResourcePage } from '@/parts/ResourcePage'
import { StateBadge, Tag } from '@/parts/StateBadge'

import { Invoke } from './Invoke'

type Endpoint = Resource<'batch_endpoint'>

function Deployments({ endpoint }: { endpoint: Endpoint }) {
  const found = useInfiniteQuery(listOf(endpoint.workspace, 'batch_deployment', {}, endpoint.name))
  const deployments = rowsOf(found.data)
  if (found.error) return <ProblemView error={found.error} />
  if (found.data && deployments.length === 0)
    return (
      <div className="card">
        <EmptyPage
          title="Nothing scores here yet"
          about="A deployment puts a model or a pipeline behind this address."
          command={`zaffre batch-deployment create -f deployment.yml --endpoint-name ${endpoint.name} --set-default`}
        />
      </div>
    )
  return (
    <div className="grid">
      {deployments.map((one) => (
        <section className="card" key={one.name} aria-label={`Deployment ${one.name}`}>
          <header>
            <h2 className="row">
              {one.name} <Tag>{one.type}</Tag>
            </h2>
            {endpoint.defaults?.deployment_name === one.name && <Tag>default</Tag>}
          </header>
          <div className="body">
            <KeyValue
              facts={[
                ['Model', one.model_version],
                ['Description', one.description],
                ['Made', <TimeAgo key="t" at={one.creation_context.created_at} />],
              ]}
            />
          </div>
        </section>
      ))}
    </div>
  )
}

function Jobs({ endpoint }: { endpoint: Endpoint }) {
  const found = useQuery({
    ...belowOf<PageOf<Resource<'job'>>>(
      endpoint.workspace,
      'batch_endpoint',
      { name: endpoint.name },
      'jobs',
    ),
    queryKey: [endpoint.workspace, 'job', 'list', 'batch', endpoint.name],
  })
  const jobs = found.data?.items ?? []
  if (found.error) return <ProblemView error={found.error} />
  if (found.data && jobs.length === 0) return <p className="muted">It was not invoked yet.</p>
  return (
    <div className="card scroll-x">
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Asked</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.name}>
              <td>
                <PageLink to={['jobs', job.name]}>{job.display_name ?? job.name}</PageLink>
              </td>
              <td>
                <StateBadge state={job.status} />
              </td>
              <td>
                <TimeAgo at={job.creation_context.created_at} />
              </td>
              <td>
                <Duration from={job.started_at} to={job.ended_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export default function BatchEndpointPage() {
  return (
    <ResourcePage
      kind="batch_endpoint"
      noun="batch-endpoint"
      attribute="batch_endpoints"
      list={{ title: 'Batch endpoints', to: ['batch-endpoints'] }}
      lost="Its address, its keys and its deployments go; the jobs of its invocations and what they wrote stay."
      actions={(endpoint) => <Invoke endpoint={endpoint} />}
      tabs={[
        { id: 'deployments', title: 'Deployments', show: (one) => <Deployments endpoint={one} /> },
        { id: 'jobs', title: 'Jobs', show: (one) => <Jobs endpoint={one} /> },
      ]}
    />
  )
}
