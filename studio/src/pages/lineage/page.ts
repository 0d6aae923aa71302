import type { Page } from '@/app/page'

export default [
  {
    path: 'lineage',
    title: 'Lineage',
    load: () => import('./LineagePage'),
    nav: { group: 'Manage', order: 40, icon: 'lineage' },
    full: true,
  },
] satisfies Page[]
