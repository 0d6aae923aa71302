/** One schedule: when it is due, what it made, what it missed and why. */

import { send } from '@/api/client'
import { one, type Resource } from '@/api/kinds'
import { ActButton } from '@/parts/ActButton'
import { CodeBlock } from '@/parts/Copy'
import { TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink } from '@/parts/place'
import { Marks, ResourcePage } from '@/parts/ResourcePage'
import { StateBadge } from '@/parts/StateBadge'

import { triggerWords } from './trigger'

type Schedule = Resource<'schedule'>

function Overview({ schedule }: { schedule: Schedule }) {
  return (
    <div className="grid">
      <section className="card">
        <div className="body">
          <KeyValue
            facts={[
              ['Trigger', triggerWords(schedule.trigger)],
              ['After downtime', schedule.catch_up],
              ['While one runs', schedule.overlap === 'skip' ? 'start no other' : 'start another'],
              ['Jobs so far', schedule.run_count],
              ['Missed', schedule.missed_count],
              ['Tags', <Marks key="m" resource={schedule} />],
            ]}
          />
        </div>
      </section>
      <section className="card" aria-label="Next times">
        <header>
          <h2>Next times</h2>
        </header>
        <ul className="body stack">
          {!schedule.is_enabled && <li className="muted">It is disabled: nothing is due.</li>}
          {schedule.is_enabled &&
            (schedule.next_run_times ?? []).map((time) => (
              <li key={time} className="row">
                <span className="mono">{time}</span> <TimeAgo at={time} />
              </li>
            ))}
        </ul>
      </section>
      <section className="card">
        <header>
          <h2>What it creates</h2>
        </header>
        <div className="body">
          <CodeBlock label="job" text={JSON.stringify(schedule.create_job, null, 2)} />
        </div>
      </section>
    </div>
  )
}

function History({ schedule }: { schedule: Schedule }) {
  const runs = schedule.runs ?? []
  const missed = schedule.missed ?? []
  if (runs.length + missed.length === 0) return <p className="muted">It has created no job yet.</p>
  return (
    <>
      <div className="card scroll-x">
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">Due</th>
              <th scope="col">Job</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={`${run.due} ${run.job ?? ''}`}>
                <td className="mono">{run.due}</td>
                <td>
                  {run.job ? (
                    <PageLink to={['jobs', run.job]}>{run.job}</PageLink>
                  ) : (
                    <span className="fault">{run.error}</span>
                  )}
                </td>
                <td>{run.data ?? run.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {missed.length > 0 && (
        <section className="card">
          <header>
            <h2>Missed</h2>
          </header>
          <ul className="body stack">
            {missed.map((one) => (
              <li key={one.first}>
                <span className="mono">{one.first}</span> to <span className="mono">{one.last}</span>:{' '}
                {one.count}, {one.reason}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function Actions({ schedule }: { schedule: Schedule }) {
  const call = (verb: string) => () =>
    send('post', one(schedule.workspace, 'schedule', { name: schedule.name }, verb))
  const turned = schedule.is_enabled ? 'disable' : 'enable'
  return (
    <>
      <ActButton
        act={call(turned)}
        done={schedule.is_enabled ? 'It creates no more jobs.' : 'It creates jobs.'}
      >
        {schedule.is_enabled ? 'Disable' : 'Enable'}
      </ActButton>
      <ActButton primary act={call('trigger')} done="A job was created.">
        Trigger now
      </ActButton>
    </>
  )
}

export default function SchedulePage() {
  return (
    <ResourcePage
      kind="schedule"
      noun="schedule"
      attribute="schedules"
      list={{ title: 'Schedules', to: ['schedules'] }}
      lost="It creates no more jobs, and its history goes; the jobs that it made stay."
      beside={(schedule) => <StateBadge state={schedule.is_enabled ? 'Enabled' : 'Disabled'} />}
      actions={(schedule) => <Actions schedule={schedule} />}
      tabs={[
        { id: 'overview', title: 'Overview', show: (one) => <Overview schedule={one} /> },
        { id: 'history', title: 'History', show: (one) => <History schedule={one} /> },
      ]}
    />
  )
}
