import type { Page } from '@/app/page'

export default [
  {
    path: 'pipelines',
    title: 'Pipelines',
    load: () => import('./PipelinesPage'),
    nav: { group: 'Train', order: 40, icon: 'pipeline' },
    full: true,
  },
  { path: 'pipelines/$name', title: 'Run of a pipeline', load: () => import('./PipelineRunPage') },
] satisfies Page[]
