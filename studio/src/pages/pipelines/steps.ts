/** How the steps of a pipeline went, in the order and at the scale of their time. Pure. */

import type { Schemas } from '@/api/client'

export type StepRun = Schemas['StepStatus']

export interface Bar {
  name: string
  step: StepRun
  /** Where it begins and how long it is, in parts of the whole. */
  from: number
  length: number
}

/** Gives a bar for each step, by when they began; those that did not begin come last. */
export function bars(steps: Record<string, StepRun>, begun: number, now: number): Bar[] {
  const whole = Math.max(now - begun, 0.001)
  const part = (moment: number) => Math.min(1, Math.max(0, (moment - begun) / whole))
  return Object.entries(steps)
    .map(([name, step]) => {
      const from = step.started_at ? part(step.started_at) : 1
      const to = step.started_at ? part(step.ended_at ?? now) : 1
      return { name, step, from, length: to - from }
    })
    .sort((one, other) => one.from - other.from || one.name.localeCompare(other.name))
}

/** Says how far a pipeline is: `3 of 5 steps, 2 reused`. */
export function progress(steps: Record<string, StepRun>): string {
  const all = Object.values(steps)
  if (all.length === 0) return ''
  const ended = all.filter((step) =>
    ['Completed', 'Skipped', 'Failed', 'Canceled'].includes(step.status),
  ).length
  const reused = all.filter((step) => step.reused).length
  const failed = all.filter((step) => step.status === 'Failed').length
  const words = [
    ended < all.length
      ? `${ended} of ${all.length} steps`
      : all.length === 1
        ? '1 step'
        : `${all.length} steps`,
  ]
  if (reused > 0) words.push(`${reused} reused`)
  if (failed > 0) words.push(`${failed} failed`)
  return words.join(', ')
}
