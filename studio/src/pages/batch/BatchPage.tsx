/** Addresses that score whole data sets. */

import type { Resource } from '@/api/kinds'
import { TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import { ResourceListPage } from '@/parts/ResourceListPage'
import type { Column } from '@/parts/ResourceTable'

const COLUMNS: Column<Resource<'batch_endpoint'>>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(10rem, 1.5fr)',
    cell: (one) => <PageLink to={['batch-endpoints', one.name]}>{one.name}</PageLink>,
  },
  { id: 'default', title: 'Default deployment', cell: (one) => one.defaults?.deployment_name },
  {
    id: 'address',
    title: 'Address',
    width: 'minmax(12rem, 2fr)',
    cell: (one) => <code>{one.scoring_uri}</code>,
  },
  {
    id: 'created',
    title: 'Made',
    width: '8rem',
    cell: (one) => <TimeAgo at={one.creation_context.created_at} />,
  },
]

export default function BatchPage() {
  return (
    <ResourceListPage
      kind="batch_endpoint"
      title="Batch endpoints"
      noun="batch-endpoint"
      attribute="batch_endpoints"
      about="Stable addresses that score whole data sets: each invocation becomes a job."
      columns={COLUMNS}
      empty={{
        title: 'No batch endpoint yet',
        about:
          'A batch endpoint scores files or tables with a model, or runs a pipeline, whenever it is invoked.',
        command: 'zaffre batch-endpoint create --name scoring',
      }}
    />
  )
}
