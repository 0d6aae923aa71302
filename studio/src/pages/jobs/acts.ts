/** What is done with one job, or with a run that a program outside logged: those obey MLflow's protocol. */

import { send } from '@/api/client'
import { one } from '@/api/kinds'
import { trackingPath } from '@/api/mlflow'

import { submitted, type Job } from './job'

export type Named = Pick<Job, 'name' | 'type' | 'workspace'>

function below(job: Named, verb = ''): string {
  return one(job.workspace, 'job', { name: job.name }, verb)
}

/** Takes a job out of lists; nothing is lost. */
export function archive(job: Named): Promise<unknown> {
  return submitted(job) ? send('post', below(job, 'archive')) : staged(job, 'delete')
}

export function restore(job: Named): Promise<unknown> {
  return submitted(job) ? send('post', below(job, 'restore')) : staged(job, 'restore')
}

function staged(job: Named, verb: 'delete' | 'restore'): Promise<unknown> {
  return send('post', trackingPath(job.workspace, `runs/${verb}`), { body: { run_id: job.name } })
}

export function cancel(job: Named): Promise<unknown> {
  return send('post', below(job, 'cancel'))
}

export function remove(job: Named): Promise<unknown> {
  return send('delete', below(job))
}

/** A job's tags are those of its run. */
export function tag(job: Named, key: string, value: string): Promise<unknown> {
  const body = { run_id: job.name, key, value }
  return send('post', trackingPath(job.workspace, 'runs/set-tag'), { body })
}

export async function again(job: Named): Promise<string> {
  const made = (await send('post', below(job, 'resubmit'))) as { name: string }
  return made.name
}
