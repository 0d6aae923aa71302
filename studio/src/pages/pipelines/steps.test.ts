import { expect, it } from 'vitest'

import { bars, progress, type StepRun } from './steps'

function step(
  status: string,
  started: number | null,
  ended: number | null,
  reused: string | null = null,
): StepRun {
  return { status, job: '', reused, started_at: started, ended_at: ended, attempt: 1 } as StepRun
}

const STEPS = {
  late: step('Running', 15, null),
  early: step('Completed', 10, 15, 'old'),
  never: step('NotStarted', null, null),
}

it('steps are bars at the scale of the pipeline’s time, in the order in which they began', () => {
  expect(bars(STEPS, 10, 20).map(({ name, from, length }) => [name, from, length])).toEqual([
    ['early', 0, 0.5],
    ['late', 0.5, 0.5],
    ['never', 1, 0],
  ])
})

it('says how far a pipeline is', () => {
  expect(progress(STEPS)).toBe('1 of 3 steps, 1 reused')
  expect(progress({ a: step('Failed', 1, 2) })).toBe('1 step, 1 failed')
  expect(progress({})).toBe('')
})
