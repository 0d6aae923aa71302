/** Curves of everything the job logged: smoothed, on a log scale, along steps or time, beside other jobs. */

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'

import { curvesOf, runOf } from '@/api/mlflow'
import { list } from '@/api/kinds'
import { Chart } from '@/parts/Chart'
import { EmptyPage } from '@/parts/EmptyPage'
import { Icon } from '@/parts/Icon'
import { useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import { linesOf, type Along } from '@/parts/curves'
import { ended, titleOf, type Job } from './job'

/** Points come straight from the job, not by the stream of changes: an open curve asks for them. */
const FRESH_MS = 3000

type View = { smooth: number; log: boolean; x: Along; overlay: string; find: string }

interface Props {
  job: Job
  /** Only metrics whose name begins so. */
  prefix?: string
}

export function MetricsTab({ job, prefix = '' }: Props) {
  const [view, setView] = useView<View>({ smooth: 0, log: false, x: 'step', overlay: '', find: '' })
  const run = useQuery({ ...runOf(job.workspace, job.name), refetchInterval: ended(job) ? false : FRESH_MS })
  const wanted = view.find.toLowerCase()
  const keys = (run.data?.data.metrics ?? [])
    .map((one) => one.key)
    .filter((key) => (prefix ? key.startsWith(prefix) : !key.startsWith('system/')))
  const shown = keys.filter((key) => key.toLowerCase().includes(wanted))
  const others = split(view.overlay)
  if (run.error) return <ProblemView error={run.error} />
  if (run.data && keys.length === 0)
    return (
      <section className="card">
        <EmptyPage
          title={prefix ? 'No measurements of the machine' : 'No metric yet'}
          about={
            prefix
              ? 'MLflow’s system metrics show here when the job’s code turns them on.'
              : 'A metric is a number that the job logs, at each step of its training say. In the job’s code:'
          }
          command={
            prefix
              ? 'mlflow.enable_system_metrics_logging()'
              : 'from zaffre.ml import log_metric\n\nlog_metric("loss", 0.25, step=1)'
          }
        />
      </section>
    )
  return (
    <>
      <Controls view={view} set={setView} job={job} others={others} many={keys.length > 6} />
      <div className="grid">
        {shown.map((key) => (
          <Curve key={key} metric={key} job={job} view={view} />
        ))}
      </div>
    </>
  )
}

interface ControlsProps {
  view: View
  set: (part: Partial<View>) => void
  job: Job
  others: string[]
  many: boolean
}

function Controls({ view, set, job, others, many }: ControlsProps) {
  return (
    <div className="row" role="group" aria-label="How curves are drawn">
      {many && (
        <input
          className="input"
          style={{ width: '12rem' }}
          type="search"
          aria-label="Find metrics"
          placeholder="Find metrics"
          value={view.find}
          onChange={(event) => {
            set({ find: event.target.value })
          }}
        />
      )}
      <label className="row">
        Smoothing
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={view.smooth}
          onChange={(event) => {
            set({ smooth: event.target.valueAsNumber })
          }}
        />
        <span className="number small muted">{view.smooth.toFixed(2)}</span>
      </label>
      <label className="row">
        Along
        <select
          className="input"
          style={{ width: 'auto' }}
          value={view.x}
          onChange={(event) => {
            set({ x: event.target.value as Along })
          }}
        >
          <option value="step">steps</option>
          <option value="seconds">time since the start</option>
          <option value="time">time of day</option>
        </select>
      </label>
      <label className="row">
        <input
          type="checkbox"
          checked={view.log}
          onChange={(event) => {
            set({ log: event.target.checked })
          }}
        />
        Log scale
      </label>
      <Overlay
        job={job}
        others={others}
        set={(names) => {
          set({ overlay: names.join(',') })
        }}
      />
    </div>
  )
}

/** Chooses other jobs of the experiment to draw beside. */
function Overlay({ job, others, set }: { job: Job; others: string[]; set: (names: string[]) => void }) {
  const workspace = useWorkspace()
  const near = useQuery({
    queryKey: [workspace, 'job', 'list', 'near', job.experiment_name],
    queryFn: ({ signal }) =>
      list(workspace, 'job', { experiment_name: job.experiment_name ?? 'Default', limit: 50 }, { signal }),
  })
  const candidates = (near.data?.items ?? []).filter(
    (one) => one.name !== job.name && !others.includes(one.name),
  )
  return (
    <span className="row">
      <select
        className="input"
        style={{ width: '13rem' }}
        aria-label="Draw another job beside this one"
        value=""
        onChange={(event) => {
          if (event.target.value) set([...others, event.target.value])
        }}
      >
        <option value="">Beside another job…</option>
        {candidates.map((one) => (
          <option key={one.name} value={one.name}>
            {titleOf(one as unknown as Job)} ({one.name})
          </option>
        ))}
      </select>
      {others.map((name) => (
        <button
          key={name}
          type="button"
          className="button small"
          onClick={() => {
            set(others.filter((one) => one !== name))
          }}
        >
          {name}
          <Icon name="close" size={12} />
          <span className="sr-only">Take away</span>
        </button>
      ))}
    </span>
  )
}

function Curve({ metric, job, view }: { metric: string; job: Job; view: View }) {
  const element = useRef<HTMLElement>(null)
  const seen = useSeen(element)
  const points = useQuery({
    ...curvesOf(job.workspace, [job.name, ...split(view.overlay)], metric),
    enabled: seen,
    refetchInterval: ended(job) ? false : FRESH_MS,
    placeholderData: keepPreviousData,
  })
  const title = titleOf(job)
  const lines = useMemo(() => {
    const names: [string, string][] = [
      [job.name, title],
      ...split(view.overlay).map((one): [string, string] => [one, one]),
    ]
    return linesOf(points.data ?? [], names, view.x, view.smooth)
  }, [points.data, job.name, title, view.overlay, view.x, view.smooth])
  return (
    <section className="card" ref={element}>
      <header>
        <h2>{metric}</h2>
      </header>
      <div className="body">
        {points.error ? (
          <ProblemView error={points.error} />
        ) : (
          <Chart
            lines={lines}
            label={`${metric} along ${view.x}`}
            x={view.x}
            log={view.log}
            together="metrics"
          />
        )}
      </div>
    </section>
  )
}

function split(names: string): string[] {
  return names.split(',').filter(Boolean)
}

/** Says whether an element has come into view: only then its curve is read. */
function useSeen(element: React.RefObject<HTMLElement | null>): boolean {
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    const target = element.current
    if (!target) return
    const watcher = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        setSeen(true)
        watcher.disconnect()
      }
    })
    watcher.observe(target)
    return () => {
      watcher.disconnect()
    }
  }, [element])
  return seen
}
