/** What runs logged, by MLflow's protocol: the same that its clients speak. */

import { queryOptions } from '@tanstack/react-query'

import { address, send, type Query } from './client'

export interface Metric {
  key: string
  value: number | string
  timestamp: number
  step: number
  run_id?: string
}

export interface Run {
  info: { run_id: string; run_name: string; experiment_id: string; status: string; start_time: number }
  data: {
    metrics?: Metric[]
    params?: { key: string; value: string }[]
    tags?: { key: string; value: string }[]
  }
  inputs?: { dataset_inputs?: { dataset: { name: string; digest: string; source: string } }[] }
}

/** The most points of a curve that the server gives; it chooses them evenly over the steps. */
export const MOST_POINTS = 2500

/** Gives the address of a call of MLflow's protocol in a workspace. */
export function trackingPath(workspace: string, below: string, query: Query = {}): string {
  return address(`/workspaces/{workspace}/api/2.0/mlflow/${below}`, { workspace }, query)
}

/** A number that JSON has no word for comes as a text. */
export function numberOf(value: number | string): number {
  return typeof value === 'number' ? value : Number(value)
}

/** Reads a run with the latest of each metric, its params and tags. */
export function runOf(workspace: string, name: string) {
  return queryOptions({
    queryKey: [workspace, 'job', 'one', name, '', '', 'run'],
    queryFn: async ({ signal }) => {
      const found = await send('get', trackingPath(workspace, 'runs/get', { run_id: name }), { signal })
      return (found as { run: Run }).run
    },
  })
}

/** Reads the curves of a metric of some runs. */
export function curvesOf(workspace: string, runs: string[], metric: string) {
  return queryOptions({
    queryKey: [workspace, 'job', 'curves', runs, metric],
    queryFn: async ({ signal }) => {
      const below = trackingPath(workspace, 'metrics/get-history-bulk-interval', {
        metric_key: metric,
        max_results: MOST_POINTS,
      })
      const ids = runs.map((run) => `run_ids=${encodeURIComponent(run)}`).join('&')
      const found = await send('get', `${below}&${ids}`, { signal })
      return (found as { metrics?: Metric[] }).metrics ?? []
    },
  })
}

/** Reads the names of the experiments that are not in the bin. */
export function experimentsOf(workspace: string) {
  return queryOptions({
    queryKey: [workspace, 'job', 'experiments'],
    queryFn: async ({ signal }) => {
      const body = { max_results: 1000 }
      const found = (await send('post', trackingPath(workspace, 'experiments/search'), { body, signal })) as {
        experiments?: { name: string }[]
      }
      return (found.experiments ?? []).map((one) => one.name)
    },
  })
}
