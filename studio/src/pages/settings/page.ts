import type { Page } from '@/app/page'

export default [
  {
    path: 'settings',
    title: 'Settings',
    load: () => import('./SettingsPage'),
    nav: { group: 'Manage', order: 90, icon: 'settings' },
  },
] satisfies Page[]
