import type { Page } from '@/app/page'

export default [
  {
    path: 'endpoints',
    title: 'Endpoints',
    load: () => import('./EndpointsPage'),
    nav: { group: 'Serve', order: 10, icon: 'endpoint' },
    full: true,
  },
  { path: 'endpoints/$name', title: 'Real-time endpoint', load: () => import('./EndpointPage') },
] satisfies Page[]
