import type { Page } from '@/app/page'

export default [
  {
    path: 'data',
    title: 'Data',
    load: () => import('./DataPage'),
    nav: { group: 'Assets', order: 10, icon: 'data' },
    full: true,
  },
  { path: 'data/$name', title: 'Data asset', load: () => import('./DataAssetPage') },
] satisfies Page[]
