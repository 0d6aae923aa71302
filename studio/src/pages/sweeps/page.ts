import type { Page } from '@/app/page'

export default [{ path: 'sweeps/$name', title: 'Sweep', load: () => import('./SweepPage') }] satisfies Page[]
