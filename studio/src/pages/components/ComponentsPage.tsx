/** Components: typed steps that pipelines are made of. */

import type { Resource } from '@/api/kinds'
import { TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import { ResourceListPage } from '@/parts/ResourceListPage'
import type { Column } from '@/parts/ResourceTable'
import { Tag } from '@/parts/StateBadge'

const COLUMNS: Column<Resource<'component'>>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(12rem, 2fr)',
    cell: (one) => <PageLink to={['components', one.name]}>{one.name}</PageLink>,
  },
  { id: 'version', title: 'Version', width: '7rem', cell: (one) => one.version },
  { id: 'type', title: 'Type', width: '8rem', cell: (one) => <Tag>{one.type}</Tag> },
  { id: 'shown', title: 'Display name', cell: (one) => one.display_name },
  { id: 'inputs', title: 'Inputs', cell: (one) => Object.keys(one.inputs ?? {}).join(', ') },
  { id: 'outputs', title: 'Outputs', cell: (one) => Object.keys(one.outputs ?? {}).join(', ') },
  {
    id: 'created',
    title: 'Made',
    width: '8rem',
    cell: (one) => <TimeAgo at={one.creation_context.created_at} />,
  },
]

export default function ComponentsPage() {
  return (
    <ResourceListPage
      kind="component"
      title="Components"
      noun="component"
      attribute="components"
      about="Steps with typed inputs and outputs, versioned, for many pipelines."
      columns={COLUMNS}
      empty={{
        title: 'No component yet',
        about:
          'A component is a command, a parallel script or a whole pipeline with typed inputs and outputs. The designer draws pipelines of them.',
        command: 'zaffre component create -f train.yml',
      }}
    />
  )
}
