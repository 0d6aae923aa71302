/** Axes of drawings: where values lie between least and most, numbers and words alike. Pure. */

import { numeral } from './format'

export type Value = number | string | null | undefined

export interface Row {
  id: string
  title: string
  values: Record<string, Value>
}

export interface Axis {
  name: string
  /** Where a value lies, from 0 to 1; undefined if it has none. */
  place: (value: Value) => number | undefined
  marks: { at: number; label: string }[]
}

const MOST_WORDS = 12

/** Gives a value as a number, if it is one. */
export function numberIn(value: Value): number | undefined {
  if (value === null || value === undefined || value === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

/** Tells whether all values of a field are numbers. */
export function isNumeric(name: string, rows: Row[]): boolean {
  const given = rows.map((row) => row.values[name]).filter((value) => value !== null && value !== undefined)
  return given.length > 0 && given.every((value) => numberIn(value) !== undefined)
}

export function axisOf(name: string, rows: Row[]): Axis {
  return isNumeric(name, rows) ? numbers(name, rows) : words(name, rows)
}

function numbers(name: string, rows: Row[]): Axis {
  const known = rows.map((row) => numberIn(row.values[name])).filter((value) => value !== undefined)
  const least = known.reduce((a, b) => Math.min(a, b))
  const most = known.reduce((a, b) => Math.max(a, b))
  const steep = least > 0 && most / least > 100
  const scaled = (value: number) => (steep ? Math.log(value) : value)
  const span = scaled(most) - scaled(least)
  const place = (value: Value) => {
    const number = numberIn(value)
    if (number === undefined) return undefined
    return span === 0 ? 0.5 : (scaled(number) - scaled(least)) / span
  }
  const marks =
    span === 0
      ? [{ at: 0.5, label: numeral(least) }]
      : [least, most].map((one) => ({ at: place(one) ?? 0, label: numeral(one) }))
  return { name, place, marks }
}

function words(name: string, rows: Row[]): Axis {
  const known = [
    ...new Set(
      rows
        .map((row) => row.values[name])
        .filter((value) => value !== null && value !== undefined)
        .map(String),
    ),
  ].sort()
  const place = (value: Value) => {
    if (value === null || value === undefined) return undefined
    const at = known.indexOf(String(value))
    return known.length < 2 ? 0.5 : at / (known.length - 1)
  }
  const marks = known.slice(0, MOST_WORDS).map((label) => ({ at: place(label) ?? 0, label }))
  return { name, place, marks }
}

/** Gives the fields in which rows differ. */
export function differing(names: string[], rows: Row[]): string[] {
  return names.filter((name) => new Set(rows.map((row) => String(row.values[name] ?? ''))).size > 1)
}

/**
 * Says how much a field goes with a result: the size of Spearman's rank correlation of numbers; of words, the
 * share of the ranks' variance that lies between them (the square root of eta squared).
 */
export function association(name: string, result: string, rows: Row[]): number {
  const pairs = rows.filter(
    (row) => numberIn(row.values[result]) !== undefined && (row.values[name] ?? null) !== null,
  )
  if (pairs.length < 3) return 0
  const ranks = ranked(pairs.map((row) => numberIn(row.values[result]) ?? 0))
  if (isNumeric(name, pairs)) {
    const own = ranked(pairs.map((row) => numberIn(row.values[name]) ?? 0))
    return Math.abs(correlation(own, ranks))
  }
  const groups = new Map<string, number[]>()
  pairs.forEach((row, at) => {
    const word = String(row.values[name])
    groups.set(word, [...(groups.get(word) ?? []), ranks[at] ?? 0])
  })
  const mean = average(ranks)
  const between = [...groups.values()].reduce((sum, one) => sum + one.length * (average(one) - mean) ** 2, 0)
  const total = ranks.reduce((sum, rank) => sum + (rank - mean) ** 2, 0)
  return total === 0 ? 0 : Math.sqrt(between / total)
}

function ranked(values: number[]): number[] {
  const order = values.map((value, at) => ({ value, at })).sort((a, b) => a.value - b.value)
  const ranks = new Array<number>(values.length).fill(0)
  for (let from = 0; from < order.length;) {
    let to = from
    while (to + 1 < order.length && order[to + 1]?.value === order[from]?.value) to += 1
    for (let at = from; at <= to; at += 1) ranks[order[at]?.at ?? 0] = (from + to) / 2
    from = to + 1
  }
  return ranks
}

function correlation(a: number[], b: number[]): number {
  const [meanA, meanB] = [average(a), average(b)]
  const of = (x: number[], y: number[], mx: number, my: number) =>
    x.reduce((sum, value, at) => sum + (value - mx) * ((y[at] ?? 0) - my), 0)
  const spread = Math.sqrt(of(a, a, meanA, meanA) * of(b, b, meanB, meanB))
  return spread === 0 ? 0 : of(a, b, meanA, meanB) / spread
}

function average(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
