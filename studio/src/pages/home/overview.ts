/** The workspace at a glance, as the server tells it in one answer. */

import { queryOptions } from '@tanstack/react-query'

import { address, send } from '@/api/client'
import type { Facts } from '@/api/kinds'

export interface Item extends Facts {
  display_name?: string
  experiment_name?: string
  status?: string
  error?: { message: string }
  started_at?: number
  ended_at?: number
  provisioning_state?: string
  state?: string
  state_reason?: string
  running?: number
  waiting?: number
  capacity?: string
  free?: string
  traffic?: Record<string, number>
  scoring_uri?: string
  next_run_time?: string
  is_enabled?: boolean
}

export type Overview = Record<
  | 'running'
  | 'failed'
  | 'recent'
  | 'compute'
  | 'schedule'
  | 'online_endpoint'
  | 'batch_endpoint'
  | 'data'
  | 'model',
  Item[]
>

export function overviewOf(workspace: string) {
  return queryOptions({
    queryKey: [workspace, 'overview'],
    queryFn: async ({ signal }) =>
      (await send('get', address('/api/v1/workspaces/{workspace}/overview', { workspace }), {
        signal,
      })) as Overview,
  })
}
