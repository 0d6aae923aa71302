/** Data assets, the newest version of each. */

import type { Resource } from '@/api/kinds'
import { Bytes, TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import { ResourceListPage } from '@/parts/ResourceListPage'
import type { Column } from '@/parts/ResourceTable'
import { Tag } from '@/parts/StateBadge'

const COLUMNS: Column<Resource<'data'>>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(12rem, 2fr)',
    cell: (one) => <PageLink to={['data', one.name]}>{one.name}</PageLink>,
  },
  { id: 'version', title: 'Version', width: '6rem', cell: (one) => one.version },
  { id: 'type', title: 'Type', width: '8rem', cell: (one) => <Tag>{one.type}</Tag> },
  {
    id: 'size',
    title: 'Size',
    width: '7rem',
    align: 'end',
    cell: (one) => <Bytes size={one.total_bytes ?? undefined} />,
  },
  {
    id: 'path',
    title: 'Where',
    width: 'minmax(10rem, 2fr)',
    cell: (one) => <code>{one.path}</code>,
  },
  {
    id: 'created',
    title: 'Made',
    width: '8rem',
    cell: (one) => <TimeAgo at={one.creation_context.created_at} />,
  },
]

export default function DataPage() {
  return (
    <ResourceListPage
      kind="data"
      title="Data"
      noun="data"
      attribute="data"
      about="Files, folders and tables under a name and a version, so that every job can say what it read."
      columns={COLUMNS}
      empty={{
        title: 'No data yet',
        about:
          'A data asset is a file, a folder or a table that jobs read by its name. Its content never changes under a version.',
        command: 'zaffre data create --name churn --version 1 --type uri_file --path ./churn.csv',
      }}
    />
  )
}
