/** Looks at the load of deployments, as they come: rates are what lies between two looks. */

import type { Line } from '@/parts/Chart'

import type { Deployment } from './parts'

export interface Look {
  /** Seconds since 1970. */
  at: number
  deployments: Pick<Deployment, 'name' | 'load' | 'ready_instances'>[]
}

export type Measure = 'rate' | 'errors' | 'p50_ms' | 'p99_ms' | 'waiting' | 'cpu' | 'memory' | 'instances'

export const MOST = 900

/** Adds a look; the oldest fall out. */
export function added(looks: Look[], look: Look): Look[] {
  if (looks.at(-1)?.at === look.at) return looks
  return [...looks.slice(-(MOST - 1)), look]
}

/** Gives a line for each deployment. */
export function linesOf(looks: Look[], measure: Measure): Line[] {
  const names = [...new Set(looks.flatMap((look) => look.deployments.map((one) => one.name)))].sort()
  return names.map((name) => ({
    name,
    x: looks.map((look) => look.at),
    y: looks.map((look, index) => valueOf(looks[index - 1], look, name, measure)),
  }))
}

function valueOf(before: Look | undefined, look: Look, name: string, measure: Measure): number | null {
  const now = look.deployments.find((one) => one.name === name)
  const load = now?.load
  if (measure === 'instances') return now?.ready_instances ?? null
  if (!load) return null
  if (measure === 'memory') return load.memory_bytes / 1e6
  if (measure === 'p50_ms' || measure === 'p99_ms' || measure === 'waiting') return load[measure] ?? null
  const earlier = before?.deployments.find((one) => one.name === name)?.load
  if (!before || !earlier || look.at <= before.at) return null
  const field = { rate: 'requests', errors: 'errors', cpu: 'cpu_seconds' } as const
  const grown = load[field[measure]] - earlier[field[measure]]
  // A gateway that was started again counts from zero.
  return grown < 0 ? null : grown / (look.at - before.at)
}
