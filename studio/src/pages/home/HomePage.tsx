/** What runs now, what failed lately, what serves and what is next; in a new workspace, the first steps. */

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { CommandPanel, program } from '@/parts/CommandPanel'
import { Duration, TimeAgo } from '@/parts/format'
import { Icon } from '@/parts/Icon'
import { Menu } from '@/parts/Menu'
import { PageHeader } from '@/parts/PageHeader'
import { PageLink, useWorkspace, type Search } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { StateBadge, Tag } from '@/parts/StateBadge'

import { FirstSteps } from './FirstSteps'
import './home.css'
import { overviewOf, type Item } from './overview'

export default function HomePage() {
  const workspace = useWorkspace()
  const found = useQuery(overviewOf(workspace))
  const told = found.data
  return (
    <>
      <PageHeader title="Home" about={`The workspace ${workspace} at a glance.`}>
        <Menu label="Create" icon="plus">
          <PageLink to={['jobs']} search={{ new: true }}>
            A job
          </PageLink>
          <PageLink to={['designer']}>A pipeline</PageLink>
          <PageLink to={['data']}>Data</PageLink>
          <PageLink to={['endpoints']}>An endpoint</PageLink>
        </Menu>
        <CommandPanel
          cli={
            'zaffre status\nzaffre job list --state Running\nzaffre online-endpoint list\nzaffre schedule list'
          }
          sdk={program('for job in ml.jobs.list(state="Running"):\n    print(job.name, job.display_name)')}
        />
      </PageHeader>
      {found.error && <ProblemView error={found.error} retry={() => void found.refetch()} />}
      {!told && !found.error && <p className="muted">Loading…</p>}
      {told && (
        <>
          <FirstSteps told={told} />
          <div className="home">
            <Card title="Runs now" to={['jobs']} search={{ state: 'Running' }} count={told.running.length}>
              {told.running.map((job) => (
                <Line key={job.name} to={['jobs', job.name]} title={job.display_name ?? job.name}>
                  <StateBadge state={job.status} />
                  <Duration from={job.started_at} to={job.ended_at} />
                </Line>
              ))}
              {told.running.length === 0 && <Nothing>No job runs or waits.</Nothing>}
            </Card>
            <Card
              title="Failed in the last day"
              to={['jobs']}
              search={{ state: 'Failed' }}
              count={told.failed.length}
            >
              {told.failed.map((job) => (
                <Line
                  key={job.name}
                  to={['jobs', job.name]}
                  title={job.display_name ?? job.name}
                  about={job.error?.message}
                >
                  <TimeAgo at={job.ended_at} />
                </Line>
              ))}
              {told.failed.length === 0 && <Nothing>Nothing failed.</Nothing>}
            </Card>
            <Endpoints online={told.online_endpoint} batch={told.batch_endpoint} />
            <Card title="Compute" to={['compute']}>
              {told.compute.map((one) => (
                <Line key={one.name} to={['compute']} title={one.name} about={load(one)}>
                  <StateBadge state={one.state ?? one.provisioning_state} title={one.state_reason} />
                </Line>
              ))}
              {told.compute.length === 0 && <Nothing>No compute.</Nothing>}
            </Card>
            <Card title="Next by schedule" to={['schedules']}>
              {told.schedule.map((one) => (
                <Line key={one.name} to={['schedules', one.name]} title={one.display_name ?? one.name}>
                  {one.is_enabled === false ? <Tag>paused</Tag> : <TimeAgo at={one.next_run_time} />}
                </Line>
              ))}
              {told.schedule.length === 0 && (
                <Nothing>
                  Nothing is planned. <code>zaffre schedule create -f schedule.yml</code> starts jobs by the
                  clock.
                </Nothing>
              )}
            </Card>
            <Card title="Recent jobs" to={['jobs']}>
              {told.recent.map((job) => (
                <Line key={job.name} to={['jobs', job.name]} title={job.display_name ?? job.name}>
                  <StateBadge state={job.status} />
                  <TimeAgo at={job.creation_context.created_at} />
                </Line>
              ))}
              {told.recent.length === 0 && (
                <Nothing>
                  No job yet. <code>zaffre job create -f job.yml</code> runs the first.
                </Nothing>
              )}
            </Card>
          </div>
        </>
      )}
    </>
  )
}

function Endpoints({ online, batch }: { online: Item[]; batch: Item[] }) {
  return (
    <Card title="Endpoints" to={['endpoints']}>
      {online.map((one) => (
        <Line key={one.name} to={['endpoints', one.name]} title={one.name} about={shares(one)}>
          <StateBadge state={one.provisioning_state} title={one.error?.message} />
        </Line>
      ))}
      {batch.map((one) => (
        <Line key={`batch ${one.name}`} to={['batch-endpoints', one.name]} title={one.name} about="batch">
          <StateBadge state={one.provisioning_state} title={one.error?.message} />
        </Line>
      ))}
      {online.length + batch.length === 0 && (
        <Nothing>
          Nothing serves yet. <code>zaffre online-endpoint create -n NAME</code> makes an address for a model.
        </Nothing>
      )}
    </Card>
  )
}

function load(one: Item): string {
  const jobs = `${one.running ?? 0} running, ${one.waiting ?? 0} waiting`
  return one.free ? `${jobs} · free: ${one.free}` : jobs
}

function shares(one: Item): string {
  const traffic = Object.entries(one.traffic ?? {}).filter(([, share]) => share > 0)
  return traffic.map(([name, share]) => `${name} ${share} %`).join(', ') || 'no traffic'
}

interface CardProps {
  title: string
  to: string[]
  search?: Search
  count?: number
  children: ReactNode
}

function Card({ title, to, search, count, children }: CardProps) {
  return (
    <section className="card" aria-label={title}>
      <header>
        <h2>
          {title} {count ? <span className="muted">{count}</span> : null}
        </h2>
        <PageLink to={to} search={search} className="small">
          All<span className="sr-only"> of: {title}</span> <Icon name="right" size={10} />
        </PageLink>
      </header>
      <ul className="home-list">{children}</ul>
    </section>
  )
}

interface LineProps {
  to: string[]
  title: string
  about?: string
  children: ReactNode
}

function Line({ to, title, about, children }: LineProps) {
  return (
    <li>
      <span className="home-title">
        <PageLink to={to} title={title}>
          {title}
        </PageLink>
        {about && <span className="muted small">{about}</span>}
      </span>
      {children}
    </li>
  )
}

function Nothing({ children }: { children: ReactNode }) {
  return <li className="muted home-nothing">{children}</li>
}
