/** The load of an endpoint's deployments, live. */

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'

import { list } from '@/api/kinds'
import { Chart, type Line } from '@/parts/Chart'
import { EmptyPage } from '@/parts/EmptyPage'
import { useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import { added, linesOf, type Look, type Measure } from './samples'

const EVERY = 2000
const NONE: Line[] = []

const CHARTS: { measure: Measure; title: string }[] = [
  { measure: 'rate', title: 'Requests a second' },
  { measure: 'errors', title: 'Errors a second' },
  { measure: 'p50_ms', title: 'Latency, median (ms)' },
  { measure: 'p99_ms', title: 'Latency, 99th percentile (ms)' },
  { measure: 'waiting', title: 'Requests in the queue' },
  { measure: 'instances', title: 'Instances that answer' },
  { measure: 'cpu', title: 'Processors in use' },
  { measure: 'memory', title: 'Memory (MB)' },
]

export function MonitorTab({ endpoint }: { endpoint: string }) {
  const workspace = useWorkspace()
  const [looks, setLooks] = useState<Look[]>([])
  // The load is a reading, not a change of a resource: it is looked at while this tab is open.
  const found = useQuery({
    queryKey: ['load', workspace, endpoint],
    queryFn: async ({ signal }) => {
      const page = await list(workspace, 'online_deployment', {}, { parent: endpoint, signal })
      const look: Look = { at: Date.now() / 1000, deployments: page.items }
      setLooks((before) => added(before, look))
      return look
    },
    refetchInterval: EVERY,
    gcTime: 0,
  })
  const charts = useMemo(() => CHARTS.map((one) => ({ ...one, lines: linesOf(looks, one.measure) })), [looks])
  if (found.error) return <ProblemView error={found.error} retry={() => void found.refetch()} />
  if (found.data?.deployments.length === 0)
    return (
      <div className="card">
        <EmptyPage
          title="No load yet"
          about="Once a deployment answers, its rate, latency and memory are drawn here."
        />
      </div>
    )
  return (
    <>
      <p className="muted small">
        Looked at every two seconds since this page was opened. The gateway gives the same to Prometheus at
        /metrics.
      </p>
      <div className="grid">
        {charts.map(({ measure, title, lines }) => (
          <section className="card" key={measure} aria-label={title}>
            <header>
              <h2>{title}</h2>
            </header>
            <div className="body">
              {looks.length < 2 && <p className="muted">Looking…</p>}
              <Chart
                lines={looks.length < 2 ? NONE : lines}
                label={title}
                x="time"
                height={180}
                together={`load-${endpoint}`}
              />
            </div>
          </section>
        ))}
      </div>
    </>
  )
}
