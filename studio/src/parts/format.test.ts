import { describe, expect, it } from 'vitest'

import { ago, bytes, duration, numeral, secondsOf } from './format'

describe('durations', () => {
  it.each([
    [0.84, '0.8 s'],
    [42.4, '42 s'],
    [185, '3 min 5 s'],
    [7800, '2 h 10 min'],
    [273600, '3 d 4 h'],
    [undefined, '–'],
  ])('%s seconds are written as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })
})

describe('sizes', () => {
  it.each([
    [999, '999 B'],
    [1500, '1.5 kB'],
    [12_000_000, '12 MB'],
    [undefined, '–'],
  ])('%s bytes are written as %s', (size, text) => {
    expect(bytes(size)).toBe(text)
  })
})

describe('numbers', () => {
  it.each([
    [0.123456, '0.12346'],
    [0.0000123, '1.230e-5'],
    [12, '12'],
    [Number.NaN, 'NaN'],
    [null, '–'],
  ])('%s is written as %s', (value, text) => {
    expect(numeral(value)).toBe(text)
  })
})

it('says how long ago something was', () => {
  expect(ago(100, 102)).toBe('just now')
  expect(ago(100, 160 * 60)).toContain('ago')
})

it('reads moments as ISO texts and as seconds', () => {
  expect(secondsOf('1970-01-01T00:00:10Z')).toBe(10)
  expect(secondsOf(12.5)).toBe(12.5)
  expect(secondsOf('no time')).toBeUndefined()
})
