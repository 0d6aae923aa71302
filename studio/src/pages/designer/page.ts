import type { Page } from '@/app/page'

export default [
  {
    path: 'designer',
    title: 'Designer',
    load: () => import('./DesignerPage'),
    nav: { group: 'Train', order: 50, icon: 'designer' },
    full: true,
  },
] satisfies Page[]
