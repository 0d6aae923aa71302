import type { Page } from '@/app/page'

export default [
  {
    path: 'compute',
    title: 'Compute',
    load: () => import('./ComputesPage'),
    nav: { group: 'Manage', order: 10, icon: 'compute' },
    full: true,
  },
  { path: 'compute/$name', title: 'Compute', load: () => import('./ComputePage') },
] satisfies Page[]
