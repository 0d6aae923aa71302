import type { Page } from '@/app/page'

export default [
  {
    path: 'datastores',
    title: 'Datastores',
    load: () => import('./DatastoresPage'),
    nav: { group: 'Assets', order: 50, icon: 'store' },
    full: true,
  },
  { path: 'datastores/$name', title: 'Datastore', load: () => import('./DatastorePage') },
] satisfies Page[]
