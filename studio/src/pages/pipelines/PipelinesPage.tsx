/** Pipelines: the runs of them, and those that are published to be parts of others. */

import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback } from 'react'

import type { Kind, Resource } from '@/api/kinds'
import { listOf, rowsOf } from '@/api/queries'
import { CommandPanel, program } from '@/parts/CommandPanel'
import { EmptyPage } from '@/parts/EmptyPage'
import { Duration, TimeAgo } from '@/parts/format'
import { Icon } from '@/parts/Icon'
import { PageHeader } from '@/parts/PageHeader'
import { PageLink, useView, useWorkspace } from '@/parts/place'
import { ResourceTable, type Column } from '@/parts/ResourceTable'
import { StateBadge } from '@/parts/StateBadge'

import { progress } from './steps'

type Job = Resource<'job'>
type Component = Resource<'component'>

const RUNS: Column<Job>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(12rem, 2fr)',
    cell: (job) => <PageLink to={['pipelines', job.name]}>{job.display_name ?? job.name}</PageLink>,
  },
  {
    id: 'job',
    title: 'Job',
    width: 'minmax(10rem, 1fr)',
    cell: (job) => <span className="mono">{job.name}</span>,
  },
  {
    id: 'state',
    title: 'State',
    width: '9rem',
    cell: (job) => <StateBadge state={job.status} title={job.reason ?? undefined} />,
  },
  { id: 'steps', title: 'Steps', width: '13rem', cell: (job) => progress(job.steps ?? {}) },
  {
    id: 'parent',
    title: 'Part of',
    width: '9rem',
    cell: (job) =>
      job.parent_job_name && (
        <PageLink to={['pipelines', job.parent_job_name]}>{job.parent_job_name}</PageLink>
      ),
  },
  { id: 'experiment', title: 'Experiment', width: '9rem', cell: (job) => job.experiment_name },
  {
    id: 'created',
    title: 'Created',
    width: '8rem',
    cell: (job) => <TimeAgo at={job.creation_context.created_at} />,
  },
  {
    id: 'duration',
    title: 'Duration',
    width: '7rem',
    cell: (job) => <Duration from={job.started_at} to={job.ended_at} />,
  },
]

const PUBLISHED: Column<Component>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(12rem, 2fr)',
    cell: (one) => (
      <PageLink to={['components', one.name]} search={{ version: one.version }}>
        {one.display_name ?? one.name}
      </PageLink>
    ),
  },
  { id: 'version', title: 'Version', width: '8rem', cell: (one) => one.version },
  {
    id: 'inputs',
    title: 'Inputs',
    width: 'minmax(10rem, 1fr)',
    cell: (one) => Object.keys(one.inputs ?? {}).join(', '),
  },
  {
    id: 'outputs',
    title: 'Outputs',
    width: 'minmax(10rem, 1fr)',
    cell: (one) => Object.keys(one.outputs ?? {}).join(', '),
  },
  {
    id: 'created',
    title: 'Created',
    width: '8rem',
    cell: (one) => <TimeAgo at={one.creation_context.created_at} />,
  },
  {
    id: 'use',
    title: 'Use',
    width: '7rem',
    cell: (one) => (
      <PageLink to={['designer']} search={{ component: one.name, version: one.version }}>
        Draw with it
      </PageLink>
    ),
  },
]

const SHOWN = {
  runs: {
    title: 'Runs',
    cli: `zaffre job list --query "[?type=='pipeline']"`,
    sdk: 'for job in ml.jobs.list(type="pipeline"):\n    print(job.name, job.status)',
  },
  published: {
    title: 'Published',
    cli: `zaffre component list --query "[?type=='pipeline']"`,
    sdk: 'for one in ml.components.list(type="pipeline"):\n    print(one.name, one.version)',
  },
} as const

export default function PipelinesPage() {
  const [view, setView] = useView<{ show: keyof typeof SHOWN }>({ show: 'runs' })
  const shown = SHOWN[view.show]
  return (
    <>
      <div className="stack">
        <PageHeader
          title="Pipelines"
          about="Steps, each of which takes what others made; what did not change is not run again."
        >
          <CommandPanel cli={shown.cli} sdk={program(shown.sdk)} />
          <PageLink to={['designer']} className="button primary">
            <Icon name="designer" />
            Open the designer
          </PageLink>
        </PageHeader>
        <div className="row" role="group" aria-label="What is listed">
          {(Object.keys(SHOWN) as (keyof typeof SHOWN)[]).map((name) => (
            <button
              key={name}
              type="button"
              className="button small"
              aria-pressed={view.show === name}
              onClick={() => {
                setView({ show: name })
              }}
            >
              {view.show === name && <Icon name="check" size={14} />}
              {SHOWN[name].title}
            </button>
          ))}
        </div>
      </div>
      {view.show === 'runs' ? (
        <Listed
          kind="job"
          label="Runs of pipelines"
          columns={RUNS}
          empty={
            <EmptyPage
              title="No pipeline has run yet"
              about="Draw one in the designer, or write it as YAML. Steps that need nothing of each other run side by side, and each run shows what it reused."
              command="zaffre job create -f pipeline.yml --stream"
              action={<PageLink to={['designer']}>Open the designer</PageLink>}
            />
          }
        />
      ) : (
        <Listed
          kind="component"
          label="Published pipelines"
          columns={PUBLISHED}
          empty={
            <EmptyPage
              title="No pipeline is published yet"
              about="A component of type pipeline is a pipeline with typed inputs and outputs: a step of other pipelines, or what a batch endpoint runs."
              command="zaffre component create -f pipeline-component.yml"
            />
          }
        />
      )}
    </>
  )
}

interface ListedProps<K extends Kind> {
  kind: K
  label: string
  columns: Column<Resource<K>>[]
  empty: React.ReactNode
}

function Listed<K extends Kind>({ kind, label, columns, empty }: ListedProps<K>) {
  const found = useInfiniteQuery(listOf(useWorkspace(), kind, { type: 'pipeline' }))
  const { fetchNextPage } = found
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage])
  return (
    <ResourceTable
      key={kind}
      name={`pipelines-${kind}`}
      label={label}
      columns={columns}
      rows={rowsOf(found.data)}
      id={(one) => one.id}
      loading={found.isLoading}
      error={found.error}
      retry={() => void found.refetch()}
      more={found.hasNextPage}
      onEnd={more}
      empty={empty}
    />
  )
}
