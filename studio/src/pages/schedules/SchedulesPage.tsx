/** Schedules: what creates jobs by itself, and when next. */

import type { Resource } from '@/api/kinds'
import { TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import { ResourceListPage } from '@/parts/ResourceListPage'
import type { Column } from '@/parts/ResourceTable'
import { StateBadge } from '@/parts/StateBadge'

import { triggerWords } from './trigger'

const COLUMNS: Column<Resource<'schedule'>>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(12rem, 1.5fr)',
    cell: (one) => <PageLink to={['schedules', one.name]}>{one.display_name ?? one.name}</PageLink>,
  },
  {
    id: 'state',
    title: 'State',
    width: '8rem',
    cell: (one) => <StateBadge state={one.is_enabled ? 'Enabled' : 'Disabled'} />,
  },
  {
    id: 'trigger',
    title: 'Trigger',
    width: 'minmax(10rem, 1.5fr)',
    cell: (one) => triggerWords(one.trigger),
  },
  {
    id: 'next',
    title: 'Next',
    width: '9rem',
    cell: (one) => (one.is_enabled ? <TimeAgo at={one.next_run_time} /> : <span className="muted">–</span>),
  },
  { id: 'runs', title: 'Jobs', width: '6rem', align: 'end', cell: (one) => one.run_count },
  { id: 'missed', title: 'Missed', width: '6rem', align: 'end', cell: (one) => one.missed_count },
]

export default function SchedulesPage() {
  return (
    <ResourceListPage
      kind="schedule"
      title="Schedules"
      noun="schedule"
      attribute="schedules"
      about="What creates jobs by itself: at times of a clock, or when data changes."
      columns={COLUMNS}
      empty={{
        title: 'No schedule yet',
        about: 'A schedule creates a job of any kind, each night or when there is new data, and misses none.',
        command: 'zaffre schedule create -f schedule.yml',
      }}
    />
  )
}
