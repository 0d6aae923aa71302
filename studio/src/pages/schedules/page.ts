import type { Page } from '@/app/page'

export default [
  {
    path: 'schedules',
    title: 'Schedules',
    load: () => import('./SchedulesPage'),
    nav: { group: 'Train', order: 60, icon: 'schedule' },
    full: true,
  },
  { path: 'schedules/$name', title: 'Schedule', load: () => import('./SchedulePage') },
] satisfies Page[]
