/** The columns of tables of jobs. */

import { numberOf } from '@/api/mlflow'
import { Duration, numeral, TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import type { Column } from '@/parts/ResourceTable'
import { StateBadge, Tag } from '@/parts/StateBadge'

import { titleOf, type Job } from './job'

export const JOB_COLUMNS: Column<Job>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(13rem, 2fr)',
    cell: (job) => (
      <PageLink to={['jobs', job.name]} title={job.name}>
        {titleOf(job)}
      </PageLink>
    ),
  },
  {
    id: 'status',
    title: 'State',
    width: '9rem',
    cell: (job) => <StateBadge state={job.status} title={job.error?.message} />,
  },
  {
    id: 'experiment',
    title: 'Experiment',
    width: 'minmax(7rem, 1fr)',
    cell: (job) =>
      job.experiment_name && (
        <PageLink to={['jobs']} search={{ experiment: job.experiment_name }}>
          {job.experiment_name}
        </PageLink>
      ),
  },
  { id: 'type', title: 'Type', width: '6.5rem', cell: (job) => job.type },
  {
    id: 'created',
    title: 'Created',
    width: '8rem',
    cell: (job) => <TimeAgo at={job.creation_context.created_at} />,
  },
  {
    id: 'duration',
    title: 'Duration',
    width: '8rem',
    cell: (job) => <Duration from={job.started_at} to={job.ended_at} />,
  },
  { id: 'by', title: 'By', width: '7rem', optional: true, cell: (job) => job.creation_context.created_by },
  { id: 'compute', title: 'Compute', width: '8rem', optional: true, cell: (job) => job.compute ?? '' },
  {
    id: 'tags',
    title: 'Tags',
    width: 'minmax(8rem, 1fr)',
    optional: true,
    cell: (job) => (
      <>
        {Object.entries(job.tags).map(([key, value]) => (
          <Tag key={key}>{value ? `${key}: ${value}` : key}</Tag>
        ))}
      </>
    ),
  },
  {
    id: 'id',
    title: 'Id',
    width: 'minmax(10rem, 1fr)',
    optional: true,
    cell: (job) => <code>{job.name}</code>,
  },
]

/** A column for each metric that a job of the rows has; those that are asked about are shown in any case. */
export function metricColumns(rows: Job[], asked: string): Column<Job>[] {
  const keys = new Set(rows.flatMap((job) => Object.keys(job.metrics ?? {})))
  return [...keys]
    .filter((key) => !key.startsWith('system/'))
    .sort()
    .slice(0, 60)
    .map((key) => ({
      id: `metrics.${key}`,
      title: key,
      width: '7rem',
      align: 'end',
      optional: true,
      pinned: asked.includes(`metrics.${key}`) || asked.includes(`metrics.\`${key}\``),
      sort: `metrics.${/^[\w.]+$/.test(key) ? key : `\`${key}\``}`,
      cell: (job) => <span className="number">{metric(job, key)}</span>,
    }))
}

function metric(job: Job, key: string): string {
  const value = job.metrics?.[key]
  return value === undefined ? '' : numeral(numberOf(value))
}
