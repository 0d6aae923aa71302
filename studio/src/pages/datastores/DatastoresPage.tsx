/** Places with credentials: folders, buckets, databases. */

import type { Resource } from '@/api/kinds'
import { TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import { ResourceListPage } from '@/parts/ResourceListPage'
import type { Column } from '@/parts/ResourceTable'
import { Tag } from '@/parts/StateBadge'

const COLUMNS: Column<Resource<'datastore'>>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(12rem, 2fr)',
    cell: (one) => <PageLink to={['datastores', one.name]}>{one.name}</PageLink>,
  },
  { id: 'type', title: 'Type', width: '11rem', cell: (one) => <Tag>{one.type}</Tag> },
  { id: 'default', title: 'Default', width: '6rem', cell: (one) => (one.is_default ? 'yes' : '') },
  {
    id: 'created',
    title: 'Made',
    width: '8rem',
    cell: (one) => <TimeAgo at={one.creation_context.created_at} />,
  },
]

export default function DatastoresPage() {
  return (
    <ResourceListPage
      kind="datastore"
      title="Datastores"
      noun="datastore"
      attribute="datastores"
      about="Folders, buckets and databases under a name; their credentials are kept encrypted and shown to nobody."
      columns={COLUMNS}
      empty={{
        title: 'No datastore',
        about: 'A datastore is a place that jobs read and write by its name.',
        command: 'zaffre datastore create -f datastore.yml',
      }}
    />
  )
}
