import type { Page } from '@/app/page'

export default [
  {
    path: 'jobs',
    title: 'Jobs',
    load: () => import('./JobsPage'),
    nav: { group: 'Train', order: 10, icon: 'jobs' },
    full: true,
  },
] satisfies Page[]
