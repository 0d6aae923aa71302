/** How times, durations, sizes and numbers are written. */

import { useSyncExternalStore } from 'react'

const STEPS: [number, Intl.RelativeTimeFormatUnit][] = [
  [60, 'second'],
  [3600, 'minute'],
  [86400, 'hour'],
  [86400 * 30, 'day'],
  [86400 * 365, 'month'],
  [Infinity, 'year'],
]
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })
const EXACT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })
const UNIT_SECONDS: Record<string, number> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86400,
  month: 86400 * 30,
  year: 86400 * 365,
}

/** Seconds since 1970 of an ISO text or a number of seconds. */
export function secondsOf(moment: string | number | null | undefined): number | undefined {
  if (moment === null || moment === undefined || moment === '') return undefined
  const seconds = typeof moment === 'number' ? moment : Date.parse(moment) / 1000
  return Number.isFinite(seconds) ? seconds : undefined
}

export function ago(seconds: number, now: number): string {
  const past = seconds - now
  const size = Math.abs(past)
  if (size < 5) return 'just now'
  const unit = STEPS.find(([limit]) => size < limit)?.[1] ?? 'year'
  return RELATIVE.format(Math.round(past / (UNIT_SECONDS[unit] ?? 1)), unit)
}

/** Writes a duration in seconds: `0.8 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return '–'
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`
}

export function bytes(size: number | undefined): string {
  if (size === undefined) return '–'
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = size
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit] ?? ''}`
}

/** Writes a metric: as many digits as tell something. */
export function numeral(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–'
  if (!Number.isFinite(value)) return String(value)
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return value.toLocaleString('en')
  const size = Math.abs(value)
  return size >= 1e6 || (size < 1e-4 && size > 0)
    ? value.toExponential(3)
    : String(Number(value.toPrecision(5)))
}

let now = Date.now() / 1000
const listeners = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void) {
  listeners.add(listener)
  ticking ??= setInterval(() => {
    now = Date.now() / 1000
    for (const one of listeners) one()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(ticking)
      ticking = undefined
    }
  }
}

/** The time in seconds, moving on by one clock for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

export function TimeAgo({ at }: { at: string | number | null | undefined }) {
  const seconds = secondsOf(at)
  const current = useNow()
  if (seconds === undefined) return <span className="muted">–</span>
  const date = new Date(seconds * 1000)
  return (
    <time dateTime={date.toISOString()} title={EXACT.format(date)} className="number">
      {ago(seconds, Math.max(current, seconds))}
    </time>
  )
}

/** How long something took, or takes so far. */
export function Duration({ from, to }: { from: number | null | undefined; to: number | null | undefined }) {
  const current = useNow()
  if (!from) return <span className="muted">–</span>
  return <span className="number">{duration((to ?? current) - from)}</span>
}

export function Bytes({ size }: { size: number | undefined }) {
  return (
    <span className="number" title={size === undefined ? undefined : `${size.toLocaleString('en')} bytes`}>
      {bytes(size)}
    </span>
  )
}
