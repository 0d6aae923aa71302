import type { Page } from '@/app/page'

export default [
  { path: '', title: 'Home', load: () => import('./HomePage'), nav: { group: '', order: 0, icon: 'home' } },
] satisfies Page[]
