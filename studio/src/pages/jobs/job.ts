/** A job as the pages read it: the fields of all its types, each of which may be missing. */

import type { Facts } from '@/api/kinds'

export interface OutputResult {
  type: string
  tree?: string
  file?: string
  path?: string
  asset?: string
}

export interface StepStatus {
  job: string
  status: string
  reused?: string
  attempt: number
  started_at?: number
  ended_at?: number
  error?: string
  note?: string
}

export interface Job extends Facts {
  type: string
  status: string
  display_name?: string
  experiment_name?: string
  parent_job_name?: string
  command?: string
  code?: string
  compute?: string
  environment?: unknown
  environment_id?: string
  environment_hash?: string
  inputs?: Record<string, unknown>
  outputs?: Record<string, unknown>
  resolved_inputs?: Record<string, string>
  results?: Record<string, OutputResult>
  error?: { code: string; message: string }
  queued_at?: number
  started_at?: number
  ended_at?: number
  exit_code?: number
  signal?: number
  attempt?: number
  usage?: { cpu_seconds: number; peak_memory_bytes: number; wall_seconds: number }
  resources?: Record<string, unknown>
  steps?: Record<string, StepStatus>
  warnings?: string[]
  best_child?: string
  reused_from?: string
  metrics?: Record<string, number | string>
  children?: number
}

const ENDED = new Set(['Completed', 'Failed', 'Canceled'])
const WRITTEN = [
  '$schema',
  'type',
  'display_name',
  'experiment_name',
  'description',
  'command',
  'code',
  'environment',
  'compute',
  'inputs',
  'outputs',
  'environment_variables',
  'resources',
  'distribution',
  'limits',
  'jobs',
  'settings',
  'trial',
  'sampling_algorithm',
  'search_space',
  'objective',
  'early_termination',
  'tags',
]

export function ended(job: { status: string }): boolean {
  return ENDED.has(job.status)
}

export function titleOf(job: { name: string; display_name?: string | null }): string {
  return job.display_name ?? job.name
}

/** Whether work was submitted, and is no run that a program logged: only then it can run again. */
export function submitted(job: { type: string }): boolean {
  return job.type !== 'run'
}

/** Gives what was asked for, without what the server found: a document that asks for the same. */
export function documentOf(job: Job): Record<string, unknown> {
  const all = job as unknown as Record<string, unknown>
  const empty = (value: unknown) =>
    value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)
  return Object.fromEntries(WRITTEN.filter((name) => !empty(all[name])).map((name) => [name, all[name]]))
}

/** Gives the digest in `azureml://trees/DIGEST`, which is where code lies. */
export function treeOf(address: string | undefined): string | undefined {
  return /^azureml:\/\/trees\/(sha256:[0-9a-f]{64})/.exec(address ?? '')?.[1]
}

/** Reads `azureml:NAME:VERSION`. */
export function assetOf(reference: string | undefined): { name: string; version: string } | undefined {
  const found = /^azureml:([^:/]+):([^:/]+)$/.exec(reference ?? '')
  return found?.[1] && found[2] ? { name: found[1], version: found[2] } : undefined
}
