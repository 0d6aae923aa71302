import type { Page } from '@/app/page'

export default [
  {
    path: 'components',
    title: 'Components',
    load: () => import('./ComponentsPage'),
    nav: { group: 'Assets', order: 30, icon: 'component' },
    full: true,
  },
  { path: 'components/$name', title: 'Component', load: () => import('./ComponentPage') },
] satisfies Page[]
