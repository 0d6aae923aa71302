import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

import { Problem } from '@/api/problem'
import { session } from '@/api/session'

import { router } from './app/router'
import { applyTheme } from './app/theme'

import './app/theme.css'
import './app/base.css'
import './app/shell.css'
import './parts/parts.css'

applyTheme()

const client = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // A session that ended is found out by whatever is read next.
      if (error instanceof Problem && error.status === 401 && query.queryKey[0] !== 'session')
        void client.invalidateQueries(session)
    },
  }),
  defaultOptions: {
    queries: {
      // What changes is told by the stream of changes: nothing is read again only because time passed.
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (count, error) =>
        count < 3 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
  },
})

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
