/** Jobs as the server finds, sorts and counts them, and the tree that they make. */

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'

import { address, send } from '@/api/client'
import type { PageOf } from '@/api/kinds'

import type { Job } from './job'

export const PAGE = 100

export type Asked = Record<string, string | undefined>

async function search(workspace: string, asked: Asked, signal: AbortSignal): Promise<PageOf<Job>> {
  const given = Object.entries(asked).filter(([, value]) => value !== undefined)
  const url = address('/api/v1/workspaces/{workspace}/jobs/search', { workspace })
  return (await send('post', url, { body: Object.fromEntries(given), signal })) as PageOf<Job>
}

/** Reads what was asked for page by page. */
export function found(workspace: string, asked: Asked) {
  return infiniteQueryOptions({
    queryKey: [workspace, 'job', 'list', 'search', asked],
    queryFn: ({ pageParam, signal }) =>
      search(workspace, { ...asked, limit: String(PAGE), after: pageParam || undefined }, signal),
    initialPageParam: '',
    getNextPageParam: (page: PageOf<Job>) => page.next || undefined,
    retry: false,
  })
}

/** Reads the first children of a job. */
export function childrenOf(workspace: string, name: string) {
  return queryOptions({
    queryKey: [workspace, 'job', 'list', 'below', name],
    queryFn: ({ signal }) => search(workspace, { parent_job_name: name, limit: String(PAGE) }, signal),
  })
}

export interface TreeJob extends Job {
  depth: number
}

/** Puts the children of open jobs below them, as deep as they are open. */
export function flattened(
  jobs: Job[],
  open: ReadonlySet<string>,
  below: ReadonlyMap<string, Job[]>,
  depth = 0,
): TreeJob[] {
  return jobs.flatMap((job) => {
    const children = open.has(job.name) ? (below.get(job.name) ?? []) : []
    return [{ ...job, depth }, ...flattened(children, open, below, depth + 1)]
  })
}

/** Gives the words of `zaffre job list` that ask for the same, as far as the command line knows them. */
export function listed(asked: Asked): string[] {
  const words: [string, string | undefined][] = [
    ['--state', asked['state']],
    ['--experiment-name', asked['experiment_name']],
    ['--name-contains', asked['name_contains']],
    ['--parent-job-name', asked['parent_job_name'] || undefined],
  ]
  return words.flatMap(([flag, value]) => (value ? [flag, value] : []))
}
