/** Views over hot and cold predictions. */

import type { Resource } from '@/api/kinds'
import { numeral, TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import { ResourceListPage } from '@/parts/ResourceListPage'
import type { Column } from '@/parts/ResourceTable'
import { StateBadge } from '@/parts/StateBadge'

const COLUMNS: Column<Resource<'prediction_view'>>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(10rem, 1.5fr)',
    cell: (one) => <PageLink to={['views', one.name]}>{one.name}</PageLink>,
  },
  {
    id: 'state',
    title: 'State',
    width: '8rem',
    cell: (one) => <StateBadge state={one.provisioning_state} />,
  },
  {
    id: 'hot',
    title: 'Hot from',
    width: 'minmax(8rem, 1fr)',
    cell: (one) =>
      one.online_endpoint && (
        <PageLink to={['endpoints', one.online_endpoint]}>{one.online_endpoint}</PageLink>
      ),
  },
  { id: 'hot-rows', title: 'Hot rows', width: '7rem', align: 'end', cell: (one) => numeral(one.hot_rows) },
  {
    id: 'cold-rows',
    title: 'Batch rows',
    width: '7rem',
    align: 'end',
    cell: (one) => numeral(one.batch_rows),
  },
  { id: 'watermark', title: 'Batch up to', width: '9rem', cell: (one) => <TimeAgo at={one.watermark} /> },
]

export default function ViewsPage() {
  return (
    <ResourceListPage
      kind="prediction_view"
      title="Prediction views"
      noun="prediction-view"
      attribute="prediction_views"
      about="One answer for each entity: what a batch computed over history, and what an endpoint answered since."
      columns={COLUMNS}
      empty={{
        title: 'No view yet',
        about:
          'A view joins the predictions of a batch endpoint and a real-time endpoint for the same entities (a Lambda architecture).',
        command: 'zaffre prediction-view create -f view.yml',
      }}
    />
  )
}
