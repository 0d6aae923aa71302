/** Who is signed in. */

import { queryOptions } from '@tanstack/react-query'

import { api } from './client'

export const session = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => api.get('/api/v1/session', { signal }),
  staleTime: 60_000,
})

export const workspaces = queryOptions({
  queryKey: ['workspaces'],
  queryFn: ({ signal }) => api.get('/api/v1/workspaces', { query: { limit: 1000 }, signal }),
  staleTime: 60_000,
})
