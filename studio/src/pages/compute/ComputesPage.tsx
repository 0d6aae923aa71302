/** Where work runs, and how busy it is. */

import type { Resource } from '@/api/kinds'
import { PageLink } from '@/parts/place'
import { ResourceListPage } from '@/parts/ResourceListPage'
import type { Column } from '@/parts/ResourceTable'
import { StateBadge, Tag } from '@/parts/StateBadge'

const COLUMNS: Column<Resource<'compute'>>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(10rem, 1.5fr)',
    cell: (one) => <PageLink to={['compute', one.name]}>{one.name}</PageLink>,
  },
  { id: 'type', title: 'Type', width: '10rem', cell: (one) => <Tag>{one.type}</Tag> },
  { id: 'state', title: 'State', width: '8rem', cell: (one) => <StateBadge state={one.state} /> },
  { id: 'capacity', title: 'Capacity', width: 'minmax(8rem, 1fr)', cell: (one) => one.capacity },
  { id: 'free', title: 'Free', width: 'minmax(8rem, 1fr)', cell: (one) => one.free },
  { id: 'running', title: 'Running', width: '6rem', align: 'end', cell: (one) => one.running },
  { id: 'waiting', title: 'Waiting', width: '6rem', align: 'end', cell: (one) => one.waiting },
]

export default function ComputesPage() {
  return (
    <ResourceListPage
      kind="compute"
      title="Compute"
      noun="compute"
      attribute="compute"
      about="Where jobs run: this machine, clusters, personal machines, what is attached."
      columns={COLUMNS}
      empty={{
        title: 'No compute',
        about: 'A compute is a place where jobs run; `local` is this machine.',
        command: 'zaffre compute create --name local --type local',
      }}
    />
  )
}
