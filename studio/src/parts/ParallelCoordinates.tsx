/** Parallel coordinates: a line for each row through its value on every axis, coloured by the last axis. */

import { useId } from 'react'

import { axisOf, type Row } from './axes'
import './parallel.css'

interface Props {
  axes: string[]
  rows: Row[]
  label: string
  /** Whether small values of the last axis are the good ones. */
  smallIsGood?: boolean
  chosen?: string | undefined
  onChoose?: (id: string) => void
}

const WIDTH = 1000
const HEIGHT = 300
const TOP = 34
const SIDE = 60

export function ParallelCoordinates({ axes, rows, label, smallIsGood = false, chosen, onChoose }: Props) {
  const id = useId()
  if (axes.length < 2 || rows.length === 0)
    return <p className="muted">There is too little to be drawn yet.</p>
  const known = axes.map((name) => axisOf(name, rows))
  const x = (at: number) => SIDE + (at * (WIDTH - 2 * SIDE)) / (axes.length - 1)
  const y = (share: number) => TOP + (1 - share) * (HEIGHT - TOP - 26)
  const last = known.at(-1)
  return (
    <div className="parallel scroll-x">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={id}>
        <title id={id}>{label}</title>
        {rows.map((row) => {
          const places = known.map((axis, at) => [x(at), axis.place(row.values[axis.name])] as const)
          const drawn = places.filter((place): place is readonly [number, number] => place[1] !== undefined)
          const share = last?.place(row.values[last.name])
          const good = share === undefined ? 0 : smallIsGood ? 1 - share : share
          return (
            <polyline
              key={row.id}
              className="parallel-line"
              data-chosen={row.id === chosen}
              style={{ opacity: 0.25 + 0.75 * good ** 2 }}
              points={drawn.map(([px, py]) => `${px},${y(py)}`).join(' ')}
              onClick={() => onChoose?.(row.id)}
            >
              <title>{`${row.title}: ${known.map((axis) => `${axis.name} ${String(row.values[axis.name] ?? '–')}`).join(', ')}`}</title>
            </polyline>
          )
        })}
        {known.map((axis, at) => (
          <g key={axis.name} className="parallel-axis">
            <line x1={x(at)} x2={x(at)} y1={y(0)} y2={y(1)} />
            <text x={x(at)} y={16} textAnchor="middle" className="parallel-name">
              {axis.name}
            </text>
            {axis.marks.map((mark) => (
              <text key={mark.label} x={x(at) + 6} y={y(mark.at) + 4}>
                {mark.label}
              </text>
            ))}
          </g>
        ))}
      </svg>
    </div>
  )
}
