import type { Page } from '@/app/page'

export default [
  {
    path: 'batch-endpoints',
    title: 'Batch endpoints',
    load: () => import('./BatchPage'),
    nav: { group: 'Serve', order: 20, icon: 'batch' },
    full: true,
  },
  { path: 'batch-endpoints/$name', title: 'Batch endpoint', load: () => import('./BatchEndpointPage') },
] satisfies Page[]
