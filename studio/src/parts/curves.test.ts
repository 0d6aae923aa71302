import { expect, it } from 'vitest'

import { linesOf, smoothed } from './curves'

const POINTS = [
  { key: 'loss', value: 4, timestamp: 1000, step: 0, run_id: 'a' },
  { key: 'loss', value: 'NaN', timestamp: 3000, step: 1, run_id: 'a' },
  { key: 'loss', value: 2, timestamp: 5000, step: 2, run_id: 'a' },
  { key: 'loss', value: 9, timestamp: 9000, step: 7, run_id: 'b' },
]

it('draws a line for each run, with a gap where there is no number', () => {
  expect(
    linesOf(
      POINTS,
      [
        ['a', 'A'],
        ['b', 'B'],
        ['c', 'C'],
      ],
      'step',
      0,
    ),
  ).toEqual([
    { name: 'A', x: [0, 1, 2], y: [4, null, 2] },
    { name: 'B', x: [7], y: [9] },
  ])
})

it('counts seconds from the first point of each run', () => {
  expect(linesOf(POINTS, [['a', 'A']], 'seconds', 0)[0]?.x).toEqual([0, 2, 4])
})

it('smooths without pulling the beginning to zero', () => {
  expect(smoothed([5, 5, null, 5], 0.9)).toEqual(
    [5, 5, null, 5].map((one) => (one ? expect.closeTo(5) : null)),
  )
  expect(smoothed([1, 3], 0.5)[1]).toBeCloseTo(2.3333)
})
