/** Environments: what jobs and deployments run in. */

import type { Resource } from '@/api/kinds'
import { Bytes, TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import { ResourceListPage } from '@/parts/ResourceListPage'
import type { Column } from '@/parts/ResourceTable'
import { StateBadge, Tag } from '@/parts/StateBadge'

const COLUMNS: Column<Resource<'environment'>>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(12rem, 2fr)',
    cell: (one) => <PageLink to={['environments', one.name]}>{one.name}</PageLink>,
  },
  { id: 'version', title: 'Version', width: '6rem', cell: (one) => one.version.slice(0, 12) },
  { id: 'kind', title: 'Made of', width: '8rem', cell: (one) => <Tag>{one.made_of}</Tag> },
  {
    id: 'state',
    title: 'Build',
    width: '8rem',
    cell: (one) => <StateBadge state={one.build_state} />,
  },
  { id: 'python', title: 'Python', width: '7rem', cell: (one) => one.python_version },
  {
    id: 'size',
    title: 'Size',
    width: '7rem',
    align: 'end',
    cell: (one) => <Bytes size={one.size_bytes || undefined} />,
  },
  {
    id: 'used',
    title: 'Used by',
    width: '6rem',
    align: 'end',
    cell: (one) => <span title={one.used_by?.join('\n')}>{one.used_by?.length ?? 0}</span>,
  },
  {
    id: 'created',
    title: 'Made',
    width: '8rem',
    cell: (one) => <TimeAgo at={one.creation_context.created_at} />,
  },
]

export default function EnvironmentsPage() {
  return (
    <ResourceListPage
      kind="environment"
      title="Environments"
      noun="environment"
      attribute="environments"
      about="The interpreter and packages that code runs in, built once for equal content."
      columns={COLUMNS}
      empty={{
        title: 'No environment of your own yet',
        about:
          'Jobs may write theirs inside, or name a curated one. One with a name is shared and versioned.',
        command: 'zaffre environment create -f environment.yml',
      }}
    />
  )
}
