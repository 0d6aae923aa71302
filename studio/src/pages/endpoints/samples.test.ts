import { describe, expect, it } from 'vitest'

import { added, linesOf, MOST, type Look } from './samples'

const load = (requests: number) => ({
  requests,
  errors: 0,
  p50_ms: 1,
  p95_ms: 2,
  p99_ms: 2,
  waiting: 0,
  cpu_seconds: requests / 100,
  memory_bytes: 5e6,
})
const look = (at: number, requests: number): Look => ({
  at,
  deployments: [{ name: 'blue', ready_instances: 1, load: load(requests) }],
})

describe('the load of deployments', () => {
  const looks = [look(10, 0), look(12, 40), look(14, 10)]
  it('is a rate between two looks, unknown after a new start', () => {
    expect(linesOf(looks, 'rate')).toEqual([{ name: 'blue', x: [10, 12, 14], y: [null, 20, null] }])
    expect(linesOf(looks, 'cpu')[0]?.y[1]).toBeCloseTo(0.2)
  })
  it('is shown as it is where it is no count', () => {
    expect(linesOf(looks, 'memory')[0]?.y).toEqual([5, 5, 5])
    expect(linesOf(looks, 'instances')[0]?.y).toEqual([1, 1, 1])
  })
  it('is kept for a while', () => {
    let kept: Look[] = []
    for (let at = 0; at < MOST + 5; at += 1) kept = added(kept, look(at, at))
    expect(kept).toHaveLength(MOST)
    expect(added(kept, kept.at(-1) as Look)).toBe(kept)
  })
})
