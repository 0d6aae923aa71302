import type { Page } from '@/app/page'

export default [
  {
    path: 'jobs',
    title: 'Jobs',
    load: () => import('./JobsPage'),
    nav: { group: 'Train', order: 10, icon: 'jobs' },
    full: true,
  },
  { path: 'jobs/$name', title: 'Job', load: () => import('./RunPage') },
] satisfies Page[]
