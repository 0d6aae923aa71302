import type { Page } from '@/app/page'

export default [{ path: 'compare', title: 'Compare', load: () => import('./ComparePage') }] satisfies Page[]
