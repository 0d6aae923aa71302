/** Registered models, the newest version of each. */

import type { Resource } from '@/api/kinds'
import { Bytes, TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import { ResourceListPage } from '@/parts/ResourceListPage'
import type { Column } from '@/parts/ResourceTable'
import { Tag } from '@/parts/StateBadge'

const COLUMNS: Column<Resource<'model'>>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(12rem, 2fr)',
    cell: (one) => <PageLink to={['models', one.name]}>{one.name}</PageLink>,
  },
  { id: 'version', title: 'Version', width: '6rem', cell: (one) => one.version },
  { id: 'type', title: 'Type', width: '9rem', cell: (one) => <Tag>{one.type}</Tag> },
  {
    id: 'job',
    title: 'Made by',
    width: 'minmax(10rem, 1fr)',
    cell: (one) =>
      one.job_name ? (
        <PageLink to={['jobs', one.job_name]}>{one.job_name}</PageLink>
      ) : (
        <span className="muted">brought from outside</span>
      ),
  },
  {
    id: 'size',
    title: 'Size',
    width: '7rem',
    align: 'end',
    cell: (one) => <Bytes size={one.total_bytes ?? undefined} />,
  },
  {
    id: 'created',
    title: 'Made',
    width: '8rem',
    cell: (one) => <TimeAgo at={one.creation_context.created_at} />,
  },
]

export default function ModelsPage() {
  return (
    <ResourceListPage
      kind="model"
      title="Models"
      noun="model"
      attribute="models"
      about="What jobs learned, under a name and a version, ready to be deployed."
      columns={COLUMNS}
      empty={{
        title: 'No model yet',
        about:
          'Register the output of a job on the job’s page, log one with MLflow, or bring files of yours.',
        command: 'zaffre model create --name churn --type mlflow_model --path ./model',
      }}
    />
  )
}
