/** Jobs side by side: what they were given, what they reached, and how they got there. */

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'

import { curvesOf } from '@/api/mlflow'
import { differing, type Row } from '@/parts/axes'
import { Chart } from '@/parts/Chart'
import { CommandPanel, program } from '@/parts/CommandPanel'
import { linesOf } from '@/parts/curves'
import { EmptyPage } from '@/parts/EmptyPage'
import { numeral } from '@/parts/format'
import { PageHeader } from '@/parts/PageHeader'
import { ParallelCoordinates } from '@/parts/ParallelCoordinates'
import { PageLink, useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import '@/parts/table.css'

import { comparedOf, readRuns, type Compared } from './rows'

const CURVES = 50

interface View extends Record<string, string | boolean> {
  jobs: string
  metric: string
  only: boolean
  base: string
}

export default function ComparePage() {
  const workspace = useWorkspace()
  const [view, setView] = useView<View>({ jobs: '', metric: '', only: true, base: '' })
  const names = useMemo(() => view.jobs.split(',').filter(Boolean), [view.jobs])
  const runs = useQuery({
    queryKey: [workspace, 'job', 'list', 'compared', names],
    queryFn: ({ signal }) => readRuns(workspace, names, signal),
    enabled: names.length > 0,
  })
  const compared = useMemo(() => comparedOf(runs.data ?? [], names), [runs.data, names])
  if (names.length === 0) return <Nothing />
  if (runs.error) return <ProblemView error={runs.error} retry={() => void runs.refetch()} />
  if (!runs.data) return <p className="muted">Loading…</p>
  const metric = compared.metrics.includes(view.metric) ? view.metric : (compared.metrics[0] ?? '')
  return (
    <div className="stack">
      <Head names={names} />
      <Drawings
        compared={compared}
        metric={metric}
        setMetric={(one) => {
          setView({ metric: one })
        }}
      />
      <Table compared={compared} view={view} set={setView} />
    </div>
  )
}

function Nothing() {
  return (
    <div className="stack">
      <PageHeader title="Compare" />
      <div className="card">
        <EmptyPage
          title="Nothing is chosen"
          about="Tick jobs in their list and press “Compare”: parameters, metrics and curves stand side by side here."
          action={
            <PageLink to={['jobs']} className="button primary">
              Choose jobs
            </PageLink>
          }
        />
      </div>
    </div>
  )
}

function Head({ names }: { names: string[] }) {
  const list = names.map((name) => `"${name}"`).join(', ')
  return (
    <PageHeader title="Compare" about={`${names.length} jobs`} crumbs={[{ title: 'Jobs', to: ['jobs'] }]}>
      <CommandPanel
        cli={names
          .slice(0, 20)
          .map((name) => `zaffre job show -n ${name}`)
          .join('\n')}
        sdk={program(`for name in [${list}]:\n    print(ml.jobs.get(name))`)}
      />
    </PageHeader>
  )
}

interface DrawingsProps {
  compared: Compared
  metric: string
  setMetric: (metric: string) => void
}

function Drawings({ compared, metric, setMetric }: DrawingsProps) {
  const workspace = useWorkspace()
  const drawn = compared.rows.slice(0, CURVES)
  const points = useQuery({
    ...curvesOf(
      workspace,
      drawn.map((row) => row.id),
      metric,
    ),
    enabled: metric !== '' && drawn.length > 0,
  })
  const lines = useMemo(
    () =>
      linesOf(
        points.data ?? [],
        drawn.map((row): [string, string] => [row.id, row.title]),
        'step',
        0,
      ),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- rows change with what was read
    [points.data, compared],
  )
  if (!metric) return <p className="muted">These jobs logged no metric.</p>
  const axes = [...differing(compared.params, compared.rows).slice(0, 8), metric]
  return (
    <>
      <div className="row">
        <label htmlFor="metric">Metric</label>
        <select
          id="metric"
          className="input"
          style={{ width: 'auto' }}
          value={metric}
          onChange={(event) => {
            setMetric(event.target.value)
          }}
        >
          {compared.metrics.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
      <section className="card" aria-label="Curves">
        <header>
          <h2>{metric} along the steps</h2>
          {compared.rows.length > CURVES && <span className="muted small">of the first {CURVES}</span>}
        </header>
        <div className="body">
          <Chart lines={lines} label={`${metric} of the jobs`} height={280} />
        </div>
      </section>
      <section className="card" aria-label="Parallel coordinates">
        <header>
          <h2>What goes with {metric}</h2>
        </header>
        <div className="body">
          <ParallelCoordinates
            axes={axes}
            rows={compared.rows}
            label={`Parameters and ${metric} of each job`}
          />
        </div>
      </section>
    </>
  )
}

interface TableProps {
  compared: Compared
  view: View
  set: (part: Partial<View>) => void
}

function Table({ compared, view, set }: TableProps) {
  const { rows } = compared
  const base = rows.find((row) => row.id === view.base)
  const shown = (names: string[]) => (view.only && rows.length > 1 ? differing(names, rows) : names)
  const [params, metrics] = [shown(compared.params), shown(compared.metrics)]
  return (
    <section className="card" aria-label="Values">
      <header>
        <h2>Values</h2>
        <label className="row small">
          <input
            type="checkbox"
            checked={view.only}
            onChange={(event) => {
              set({ only: event.target.checked })
            }}
          />
          only what differs
        </label>
      </header>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Values of the jobs">
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">Job</th>
              {params.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              {metrics.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col">Baseline</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id} aria-current={row.id === view.base}>
                <th scope="row">
                  <PageLink to={['jobs', row.id]}>{row.title}</PageLink>
                </th>
                {params.map((name) => (
                  <td key={name}>{String(row.values[name] ?? '–')}</td>
                ))}
                {metrics.map((name) => (
                  <td key={name} className="number">
                    <Measured row={row} base={base} name={name} />
                  </td>
                ))}
                <td>
                  <button
                    type="button"
                    className="button small"
                    aria-pressed={row.id === view.base}
                    onClick={() => {
                      set({ base: row.id === view.base ? '' : row.id })
                    }}
                  >
                    {row.id === view.base ? 'It is' : 'Take it'}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Measured({ row, base, name }: { row: Row; base: Row | undefined; name: string }) {
  const value = row.values[name]
  const other = base?.values[name]
  if (typeof value !== 'number') return <>–</>
  if (typeof other !== 'number' || row.id === base?.id) return <>{numeral(value)}</>
  const difference = value - other
  return (
    <>
      {numeral(value)}{' '}
      <span className="muted small">
        {difference >= 0 ? '+' : ''}
        {numeral(difference)}
      </span>
    </>
  )
}
