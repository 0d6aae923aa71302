import type { Page } from '@/app/page'

export default [
  {
    path: 'models',
    title: 'Models',
    load: () => import('./ModelsPage'),
    nav: { group: 'Assets', order: 20, icon: 'model' },
    full: true,
  },
  { path: 'models/$name', title: 'Model', load: () => import('./ModelPage') },
] satisfies Page[]
