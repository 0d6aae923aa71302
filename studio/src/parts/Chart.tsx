/** Lines over steps or time, drawn by uPlot: pan with Shift, zoom by dragging, double click shows all. */

import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

import './chart.css'

export interface Line {
  name: string
  x: number[]
  y: (number | null)[]
}

interface Props {
  lines: Line[]
  label: string
  /** What x counts: steps, milliseconds since the start, or moments. */
  x?: 'step' | 'seconds' | 'time'
  log?: boolean
  height?: number
  /** Charts with the same name share the cursor. */
  together?: string
}

type Wanted = Required<Pick<Props, 'x' | 'log' | 'height'>> & Pick<Props, 'together'>

const COLOURS = 8

export function Chart({ lines, label, x = 'step', log = false, height = 240, together }: Props) {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const host = element.current
    if (!host || lines.length === 0) return
    const chart = new uPlot(optionsOf(host, lines, { x, log, height, together }), dataOf(lines), host)
    const resized = new ResizeObserver(() => {
      chart.setSize({ width: host.clientWidth, height })
    })
    resized.observe(host)
    const redraw = () => {
      chart.redraw(false)
    }
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', redraw)
    window.addEventListener('zaffre-theme', redraw)
    return () => {
      resized.disconnect()
      scheme.removeEventListener('change', redraw)
      window.removeEventListener('zaffre-theme', redraw)
      chart.destroy()
    }
  }, [lines, x, log, height, together])
  return <div className="chart" ref={element} role="img" aria-label={label} style={{ minHeight: height }} />
}

function dataOf(lines: Line[]): uPlot.AlignedData {
  if (lines.length === 1 && lines[0]) return [lines[0].x, lines[0].y]
  return uPlot.join(lines.map((line) => [line.x, line.y] as uPlot.AlignedData))
}

function colour(host: Element, name: string): string {
  // light-dark() is resolved by the browser only where it is used as a colour.
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  host.append(probe)
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}

function optionsOf(host: HTMLElement, lines: Line[], wanted: Wanted): uPlot.Options {
  const axis = (): uPlot.Axis => ({
    stroke: () => colour(host, '--muted'),
    grid: { stroke: () => colour(host, '--line'), width: 1 },
    ticks: { stroke: () => colour(host, '--line'), width: 1 },
    font: '12px system-ui, sans-serif',
  })
  return {
    width: Math.max(host.clientWidth, 200),
    height: wanted.height,
    scales: { x: { time: wanted.x === 'time' }, y: wanted.log ? { distr: 3 } : {} },
    axes: [
      {
        ...axis(),
        values: wanted.x === 'seconds' ? (_, ticks) => ticks.map((tick) => `${tick} s`) : undefined,
      },
      { ...axis(), size: 64 },
    ],
    cursor: { sync: wanted.together ? { key: wanted.together } : undefined, drag: { x: true, y: false } },
    legend: { show: lines.length <= 12, live: true },
    series: [
      { label: { step: 'Step', seconds: 'Seconds', time: 'Time' }[wanted.x] },
      ...lines.map((line, index) => ({
        label: line.name,
        stroke: () => colour(host, `--c${(index % COLOURS) + 1}`),
        width: 1.5,
        spanGaps: true,
        points: { show: line.x.length < 40 },
      })),
    ],
  }
}
