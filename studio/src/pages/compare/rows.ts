/** Runs as rows of what they were given and what they logged. */

import { address, send } from '@/api/client'
import { numberOf, type Run } from '@/api/mlflow'
import type { Row } from '@/parts/axes'

export const MOST = 500

export interface Compared {
  rows: Row[]
  params: string[]
  metrics: string[]
}

/** Reads runs by their names, in two requests however many they are. */
export async function readRuns(workspace: string, names: string[], signal: AbortSignal): Promise<Run[]> {
  const path = (below: string) => address(`/workspaces/{workspace}/api/2.0/mlflow/${below}`, { workspace })
  const found = (await send('post', path('experiments/search'), { body: { max_results: 1000 }, signal })) as {
    experiments?: { experiment_id: string }[]
  }
  const list = names.map((name) => `'${name.replace(/'/g, '')}'`).join(', ')
  const body = {
    experiment_ids: (found.experiments ?? []).map((one) => one.experiment_id),
    filter: `attributes.run_id IN (${list})`,
    max_results: MOST,
  }
  const answer = (await send('post', path('runs/search'), { body, signal })) as { runs?: Run[] }
  return answer.runs ?? []
}

/** Gives the rows in the order asked for. */
export function comparedOf(runs: Run[], names: string[]): Compared {
  const sorted = [...runs].sort((a, b) => names.indexOf(a.info.run_id) - names.indexOf(b.info.run_id))
  const params = new Set<string>()
  const metrics = new Set<string>()
  const rows = sorted.map((run) => {
    const values: Row['values'] = {}
    for (const one of run.data.params ?? []) {
      params.add(one.key)
      values[one.key] = one.value
    }
    for (const one of run.data.metrics ?? []) {
      if (one.key.startsWith('system/')) continue
      metrics.add(one.key)
      values[one.key] = numberOf(one.value)
    }
    return { id: run.info.run_id, title: run.info.run_name || run.info.run_id, values }
  })
  return { rows, params: [...params].sort(), metrics: [...metrics].sort() }
}
