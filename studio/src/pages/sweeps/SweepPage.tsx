/** What a sweep has tried: which values went with which result, and which trial was best. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { belowOf, oneOf } from '@/api/queries'
import { association, axisOf, type Row, type Value } from '@/parts/axes'
import { CommandPanel, program, quoted } from '@/parts/CommandPanel'
import { EmptyPage } from '@/parts/EmptyPage'
import { numeral } from '@/parts/format'
import { PageHeader } from '@/parts/PageHeader'
import { ParallelCoordinates } from '@/parts/ParallelCoordinates'
import { PageLink, useParam, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { StateBadge, Tag } from '@/parts/StateBadge'
import '@/parts/table.css'

import './sweeps.css'

interface Trial {
  number: number
  job: string | null
  status: string
  stopped: string | boolean | null
  value: number | null
  params: Record<string, Value>
}

interface Trials {
  metric: string
  goal: 'minimize' | 'maximize'
  parameters: string[]
  trials: Trial[]
  best: string | null
}

export default function SweepPage() {
  const workspace = useWorkspace()
  const name = useParam('name')
  const job = useQuery(oneOf(workspace, 'job', { name }))
  const found = useQuery(belowOf<Trials>(workspace, 'job', { name }, 'trials'))
  if (found.error) return <ProblemView error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <p className="muted">Loading…</p>
  const best = found.data.trials.find((trial) => trial.job === found.data.best)
  return (
    <div className="stack">
      <PageHeader
        title={job.data?.display_name ?? name}
        beside={<StateBadge state={job.data?.status} />}
        about={`${found.data.goal === 'minimize' ? 'The least' : 'The greatest'} ${found.data.metric} is looked for.`}
        crumbs={[
          { title: 'Jobs', to: ['jobs'] },
          { title: name, to: ['jobs', name] },
        ]}
      >
        <CommandPanel
          cli={`zaffre job show -n ${quoted(name)}`}
          sdk={program(`sweep = ml.jobs.get("${name}")\nprint(sweep.trials)`)}
        />
      </PageHeader>
      {best?.job && (
        <section className="card">
          <div className="body row">
            <strong>Best so far:</strong>
            <PageLink to={['jobs', best.job]}>{best.job}</PageLink>
            <span className="number">
              {found.data.metric} {numeral(best.value)}
            </span>
            {Object.entries(best.params).map(([key, value]) => (
              <Tag key={key}>
                {key}={written(value)}
              </Tag>
            ))}
          </div>
        </section>
      )}
      {found.data.trials.length === 0 ? (
        <div className="card">
          <EmptyPage title="No trial yet" about="The first trials show here as soon as they are chosen." />
        </div>
      ) : (
        <Tried trials={found.data} />
      )}
    </div>
  )
}

function Tried({ trials }: { trials: Trials }) {
  const { metric, parameters } = trials
  const [chosen, setChosen] = useState<string>()
  const rows: Row[] = trials.trials.map((trial) => ({
    id: String(trial.number),
    title: `trial ${trial.number}`,
    values: { ...trial.params, [metric]: trial.value },
  }))
  return (
    <>
      <section className="card" aria-label="Parallel coordinates">
        <header>
          <h2>Values and results</h2>
        </header>
        <div className="body">
          <ParallelCoordinates
            axes={[...parameters, metric]}
            rows={rows}
            label={`Parameters and ${metric} of each trial`}
            smallIsGood={trials.goal === 'minimize'}
            chosen={chosen}
            onChoose={setChosen}
          />
        </div>
      </section>
      <div className="grid">
        <Importance rows={rows} parameters={parameters} metric={metric} />
        {parameters.slice(0, 6).map((name) => (
          <Scatter key={name} rows={rows} name={name} metric={metric} />
        ))}
      </div>
      <Table trials={trials} chosen={chosen} />
    </>
  )
}

function Importance({ rows, parameters, metric }: { rows: Row[]; parameters: string[]; metric: string }) {
  const sizes = parameters
    .map((name) => ({ name, size: association(name, metric, rows) }))
    .sort((a, b) => b.size - a.size)
  return (
    <section className="card" aria-label="Importance">
      <header>
        <h2>What goes with {metric}</h2>
        <span className="muted small">rank correlation</span>
      </header>
      <ul className="body stack">
        {sizes.map(({ name, size }) => (
          <li key={name} className="importance">
            <span className="ellipsis">{name}</span>
            <span className="importance-bar" aria-hidden="true">
              <span style={{ width: `${size * 100}%` }} />
            </span>
            <span className="number">{size.toFixed(2)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Scatter({ rows, name, metric }: { rows: Row[]; name: string; metric: string }) {
  const known = rows.filter((row) => typeof row.values[metric] === 'number')
  if (known.length === 0) return null
  const [across, up] = [axisOf(name, known), axisOf(metric, known)]
  const y = (share: number) => 10 + (1 - share) * 140
  const x = (share: number) => 20 + share * 270
  return (
    <section className="card" aria-label={`${metric} over ${name}`}>
      <header>
        <h2>
          {metric} over {name}
        </h2>
      </header>
      <div className="body">
        <svg
          viewBox="0 0 310 180"
          className="scatter"
          role="img"
          aria-label={`${metric} over ${name}, ${known.length} trials`}
        >
          {known.map((row) => (
            <circle
              key={row.id}
              cx={x(across.place(row.values[name]) ?? 0)}
              cy={y(up.place(row.values[metric]) ?? 0)}
              r="3.5"
            >
              <title>{`${row.title}: ${written(row.values[name])}, ${numeral(row.values[metric] as number)}`}</title>
            </circle>
          ))}
          {across.marks.map((mark) => (
            <text key={mark.label} x={x(mark.at)} y="172" textAnchor={mark.at > 0.5 ? 'end' : 'start'}>
              {mark.label}
            </text>
          ))}
        </svg>
      </div>
    </section>
  )
}

function Table({ trials, chosen }: { trials: Trials; chosen: string | undefined }) {
  return (
    <section className="card scroll-x" aria-label="Trials">
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Trial</th>
            <th scope="col">State</th>
            <th scope="col">{trials.metric}</th>
            {trials.parameters.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">Stopped early</th>
          </tr>
        </thead>
        <tbody>
          {trials.trials.map((trial) => (
            <tr key={trial.number} aria-current={String(trial.number) === chosen}>
              <td>
                {trial.job ? (
                  <PageLink
                    to={['jobs', trial.job]}
                    title={trial.job === trials.best ? 'The best' : undefined}
                  >
                    {trial.job === trials.best ? `${trial.number} ★` : trial.number}
                  </PageLink>
                ) : (
                  trial.number
                )}
              </td>
              <td>
                <StateBadge state={trial.status} />
              </td>
              <td className="number">{numeral(trial.value)}</td>
              {trials.parameters.map((name) => (
                <td key={name} className="number">
                  {written(trial.params[name])}
                </td>
              ))}
              <td>{trial.stopped === true ? 'yes' : trial.stopped ? trial.stopped : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function written(value: Value): string {
  return typeof value === 'number' ? numeral(value) : String(value ?? '–')
}
