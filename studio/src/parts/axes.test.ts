import { describe, expect, it } from 'vitest'

import { association, axisOf, differing, isNumeric, type Row } from './axes'

const row = (id: string, values: Row['values']): Row => ({ id, title: id, values })

describe('an axis', () => {
  it('places numbers between least and most, on a log scale where they are far apart', () => {
    const rows = [row('a', { lr: 0.001 }), row('b', { lr: '0.1' }), row('c', { lr: 1 })]
    const axis = axisOf('lr', rows)
    expect(axis.place(0.001)).toBe(0)
    expect(axis.place(1)).toBe(1)
    expect(axis.place('0.1')).toBeCloseTo(2 / 3)
    expect(axisOf('x', [row('a', { x: 5 })]).place(5)).toBe(0.5)
  })
  it('places words in their order, and what is missing nowhere', () => {
    const rows = [row('a', { kind: 'tree' }), row('b', { kind: 'line' }), row('c', {})]
    expect(isNumeric('kind', rows)).toBe(false)
    const axis = axisOf('kind', rows)
    expect([axis.place('line'), axis.place('tree'), axis.place(undefined)]).toEqual([0, 1, undefined])
  })
})

it('tells what differs', () => {
  expect(differing(['a', 'b', 'c'], [row('1', { a: 1, b: 2 }), row('2', { a: 1, b: 3, c: 0 })])).toEqual([
    'b',
    'c',
  ])
})

describe('association with a result', () => {
  const rows = [1, 2, 3, 4, 5, 6].map((at) =>
    row(String(at), { lr: at, none: 1, kind: at > 3 ? 'a' : 'b', loss: -(at ** 3) }),
  )
  it('is one where ranks agree, or are turned around', () => {
    expect(association('lr', 'loss', rows)).toBeCloseTo(1)
    expect(association('kind', 'loss', rows)).toBeGreaterThan(0.8)
  })
  it('is none of what never changes, or of too few', () => {
    expect(association('none', 'loss', rows)).toBe(0)
    expect(association('lr', 'loss', rows.slice(0, 2))).toBe(0)
  })
})
