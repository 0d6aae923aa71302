import { describe, expect, it } from 'vitest'

import { dealt } from './parts'

const sum = (shares: Record<string, number>) => Object.values(shares).reduce((a, b) => a + b, 0)

describe('dealing traffic', () => {
  it('gives the others what is left, in proportion', () => {
    expect(dealt({ blue: 100, green: 0 }, 'green', 10)).toEqual({ blue: 90, green: 10 })
    expect(dealt({ a: 60, b: 30, c: 10 }, 'c', 40)).toEqual({ a: 40, b: 20, c: 40 })
  })
  it('always adds up to a hundred', () => {
    for (let share = 0; share <= 100; share += 1) {
      expect(sum(dealt({ a: 33, b: 33, c: 34 }, 'a', share))).toBe(100)
      expect(sum(dealt({ a: 0, b: 0, c: 0 }, 'b', share))).toBe(100)
    }
  })
  it('leaves one alone all or nothing', () => {
    expect(dealt({ blue: 100 }, 'blue', 40)).toEqual({ blue: 100 })
    expect(dealt({ blue: 100 }, 'blue', 0)).toEqual({ blue: 0 })
  })
})
