/** One compute: what it has and who has it, who waits and why, how its nodes came and went. */

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'

import { send } from '@/api/client'
import { one, type Resource } from '@/api/kinds'
import { listOf, oneOf, rowsOf } from '@/api/queries'
import { ActButton } from '@/parts/ActButton'
import { Duration, TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink } from '@/parts/place'
import { Marks, ResourcePage } from '@/parts/ResourcePage'
import { StateBadge, Tag } from '@/parts/StateBadge'

type Compute = Resource<'compute'>

const EVERY = 3000

function Overview({ compute }: { compute: Compute }) {
  // How busy it is belongs to its jobs, not to the resource: it is looked at while this page is open.
  useQuery({ ...oneOf(compute.workspace, 'compute', { name: compute.name }), refetchInterval: EVERY })
  return (
    <>
      <div className="grid">
        <section className="card">
          <div className="body">
            <KeyValue
              facts={[
                ['Type', compute.type],
                ['Capacity', compute.capacity],
                ['Free', compute.free],
                ['Running', compute.running],
                ['Waiting', compute.waiting],
                ['Why', compute.state_reason],
                [
                  'Last activity',
                  compute.last_activity_at && <TimeAgo key="a" at={compute.last_activity_at} />,
                ],
                ['Idle since', compute.idle_since && <TimeAgo key="i" at={compute.idle_since} />],
                ['Tags', <Marks key="m" resource={compute} />],
              ]}
            />
          </div>
        </section>
        <Queue queue={compute.queue ?? {}} />
      </div>
      <Nodes compute={compute} />
      <Running compute={compute} />
    </>
  )
}

function Queue({ queue }: { queue: Record<string, string> }) {
  const waiting = Object.entries(queue)
  return (
    <section className="card" aria-label="Queue">
      <header>
        <h2>Queue</h2>
      </header>
      <ul className="body stack">
        {waiting.length === 0 && <li className="muted">Nobody waits.</li>}
        {waiting.map(([job, why]) => (
          <li key={job} className="stack" style={{ gap: 0 }}>
            <PageLink to={['jobs', job]}>{job}</PageLink>
            <span className="muted small">{why}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Nodes({ compute }: { compute: Compute }) {
  const nodes = compute.nodes ?? []
  const changes = compute.timeline ?? []
  if (nodes.length + changes.length === 0) return null
  return (
    <div className="grid">
      <section className="card" aria-label="Nodes">
        <header>
          <h2>Nodes</h2>
          {Boolean(compute.nodes_starting) && <Tag>{compute.nodes_starting} starting</Tag>}
        </header>
        <div className="body grid">
          {nodes.map((node) => (
            <div key={node.name} className="stack" style={{ gap: '0.2rem' }}>
              <strong className="ellipsis">{node.name}</strong>
              <StateBadge state={node.busy ? 'Running' : 'Idle'} />
              <span className="muted small">
                {node.cpus} CPUs, {node.gpus} GPUs, {node.memory_gib} GiB
              </span>
            </div>
          ))}
        </div>
      </section>
      <section className="card" aria-label="Timeline">
        <header>
          <h2>Timeline</h2>
        </header>
        <ul className="body stack">
          {changes.map((change) => (
            <li key={change.time} className="row">
              <TimeAgo at={change.time} /> <strong>{change.nodes} nodes</strong>
              <span className="muted">{change.why}</span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}

function Running({ compute }: { compute: Compute }) {
  const found = useInfiniteQuery(listOf(compute.workspace, 'job', { state: 'Running', limit: 100 }))
  const jobs = rowsOf(found.data).filter(
    (job) => ('compute' in job ? (job.compute ?? 'local') : '').replace(/^azureml:/, '') === compute.name,
  )
  if (jobs.length === 0) return null
  return (
    <section className="card scroll-x" aria-label="Running jobs">
      <header>
        <h2>Running jobs</h2>
      </header>
      <table className="plain-table">
        <tbody>
          {jobs.map((job) => (
            <tr key={job.name}>
              <td>
                <PageLink to={['jobs', job.name]}>{job.display_name ?? job.name}</PageLink>
              </td>
              <td>{job.experiment_name}</td>
              <td>
                <Duration from={job.started_at} to={job.ended_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Actions({ compute }: { compute: Compute }) {
  const call = (verb: string) => () =>
    send('post', one(compute.workspace, 'compute', { name: compute.name }, verb))
  return compute.state === 'Stopped' ? (
    <ActButton primary act={call('start')} done="It starts jobs again.">
      Start
    </ActButton>
  ) : (
    <ActButton act={call('stop')} done="It starts no more jobs; those under way go on.">
      Stop
    </ActButton>
  )
}

export default function ComputePage() {
  return (
    <ResourcePage
      kind="compute"
      noun="compute"
      attribute="compute"
      list={{ title: 'Compute', to: ['compute'] }}
      lost="Jobs cannot name it any more. It is refused while jobs run or wait there."
      beside={(compute) => <StateBadge state={compute.state} />}
      actions={(compute) => <Actions compute={compute} />}
      tabs={[{ id: 'overview', title: 'Overview', show: (one) => <Overview compute={one} /> }]}
    />
  )
}
