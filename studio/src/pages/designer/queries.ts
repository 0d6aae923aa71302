/** What the designer asks the server: components, which types fit, the plan, and how a run goes. */

import { keepPreviousData, queryOptions, useQueries, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect, useMemo, useState } from 'react'

import { api, send, type Schemas } from '@/api/client'
import { one } from '@/api/kinds'
import type { FieldProblem } from '@/api/problem'

import { isMapping, type Mapping } from './edit'
import { referencesOf, type Components, type Fits } from './graph'
import { component } from './source'

const PAUSE = 350

/** Reads the registered components that a document names. */
export function useComponents(workspace: string, document: Mapping): Components {
  const names = useMemo(() => [...referencesOf(document)], [document])
  return useQueries({
    queries: names.map((name) => ({
      queryKey: [workspace, 'component', 'list', 'reference', name],
      queryFn: ({ signal }: { signal: AbortSignal }) => component(workspace, name, signal).catch(() => null),
      staleTime: 60_000,
    })),
    combine: (results) => Object.fromEntries(names.map((name, at) => [name, results[at]?.data])),
  })
}

export const portTypes = queryOptions({
  queryKey: ['port-types'],
  queryFn: async ({ signal }) =>
    (await api.get('/api/v1/port-types', { signal })) as unknown as { fits: Fits },
  staleTime: Infinity,
})

export interface PlanRow {
  step: string
  action: 'run' | 'reuse' | 'depends' | 'decide' | 'skip'
  reason: string
  job: string | null
}

export interface Plan {
  steps: PlanRow[]
  problems: FieldProblem[]
}

/** Has the server say what would become of each step, or what is wrong; a moment after the last change. */
export function usePlan(workspace: string, document: Mapping, wanted: boolean) {
  const settled = useSettled(useDeferredValue(document))
  const plan = useQuery({
    // Of the jobs' lists: when jobs end, what would be reused changes.
    queryKey: [workspace, 'job', 'list', 'plan', settled],
    queryFn: async ({ signal }) => {
      const url = one(workspace, 'job', { name: 'check' })
      return (await send('post', url, { body: settled, signal })) as Plan
    },
    enabled: wanted && Object.keys(settled).length > 0,
    placeholderData: keepPreviousData,
    retry: false,
  })
  return { ...plan, settled: settled === document }
}

function useSettled(document: Mapping): Mapping {
  const [settled, setSettled] = useState(document)
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(document)
    }, PAUSE)
    return () => {
      clearTimeout(timer)
    }
  }, [document])
  return settled
}

export type StepRun = Schemas['StepStatus']

export interface Run {
  name: string
  status: string
  steps: Record<string, StepRun>
}

/** Follows a run, or the run of a pipeline inside it. */
export function useRun(workspace: string, job: string, names: readonly string[]) {
  return useQuery({
    queryKey: [workspace, 'job', 'list', 'run', job, names],
    queryFn: async ({ signal }): Promise<Run | null> => {
      let name = job
      for (let depth = 0; ; depth += 1) {
        const found = (await send('get', one(workspace, 'job', { name }), { signal })) as unknown
        const run = isMapping(found) ? (found as unknown as Run) : null
        const inner = names[depth]
        if (!run || inner === undefined) return run
        const next = run.steps[inner]?.job
        if (!next) return null
        name = next
      }
    },
    enabled: job !== '',
    placeholderData: keepPreviousData,
  })
}
