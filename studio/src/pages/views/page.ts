import type { Page } from '@/app/page'

export default [
  {
    path: 'views',
    title: 'Prediction views',
    load: () => import('./ViewsPage'),
    nav: { group: 'Serve', order: 30, icon: 'view' },
    full: true,
  },
  { path: 'views/$name', title: 'Prediction view', load: () => import('./ViewPage') },
] satisfies Page[]
