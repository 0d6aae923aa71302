/** Curves of metrics as they are drawn: along steps or time, smoothed. Pure. */

import { numberOf, type Metric } from '@/api/mlflow'
import type { Line } from './Chart'

export type Along = 'step' | 'seconds' | 'time'

/** Smooths by a debiased running mean: `weight` from 0 (nothing) to below 1; gaps stay gaps. */
export function smoothed(values: (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return values
  let mean = 0
  let seen = 0
  return values.map((value) => {
    if (value === null) return null
    mean = mean * weight + (1 - weight) * value
    seen += 1
    return mean / (1 - weight ** seen)
  })
}

/** Gives one line for each run, in the order of `names`. */
export function linesOf(
  points: Metric[],
  names: [run: string, title: string][],
  along: Along,
  weight: number,
): Line[] {
  return names.flatMap(([run, title]) => {
    const own = points.filter((point) => point.run_id === run)
    const start = own[0]?.timestamp ?? 0
    const places = new Map<number, number | null>()
    for (const point of own) {
      const value = numberOf(point.value)
      places.set(placeOf(point, along, start), Number.isFinite(value) ? value : null)
    }
    const sorted = [...places].sort(([a], [b]) => a - b)
    if (sorted.length === 0) return []
    return [
      {
        name: title,
        x: sorted.map(([x]) => x),
        y: smoothed(
          sorted.map(([, y]) => y),
          weight,
        ),
      },
    ]
  })
}

function placeOf(point: Metric, along: Along, start: number): number {
  if (along === 'step') return point.step
  return along === 'time' ? point.timestamp / 1000 : (point.timestamp - start) / 1000
}
