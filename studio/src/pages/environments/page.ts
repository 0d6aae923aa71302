import type { Page } from '@/app/page'

export default [
  {
    path: 'environments',
    title: 'Environments',
    load: () => import('./EnvironmentsPage'),
    nav: { group: 'Assets', order: 40, icon: 'environment' },
    full: true,
  },
  { path: 'environments/$name', title: 'Environment', load: () => import('./EnvironmentPage') },
] satisfies Page[]
