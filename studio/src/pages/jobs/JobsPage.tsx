/** All jobs and runs of the workspace: a tree, or what a filter finds, sorted by what was logged. */

import { keepPreviousData, useInfiniteQuery, useQueries } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'

import { asProblem } from '@/api/problem'
import { rowsOf } from '@/api/queries'
import { CommandPanel, program, quoted } from '@/parts/CommandPanel'
import { EmptyPage } from '@/parts/EmptyPage'
import { Icon } from '@/parts/Icon'
import { PageHeader } from '@/parts/PageHeader'
import { PageLink, useView, useWorkspace } from '@/parts/place'
import { ResourceTable, type Column, type Sort } from '@/parts/ResourceTable'

import { BulkActions } from './BulkActions'
import { JOB_COLUMNS, metricColumns } from './columns'
import { JobFilters, STANDARD, type JobsView } from './JobFilters'
import { titleOf, type Job } from './job'
import { NewJobDialog } from './NewJobDialog'
import { childrenOf, flattened, found, listed, type Asked, type TreeJob } from './search'

const SORTS: Record<string, string> = {
  name: 'attributes.run_name',
  created: 'attributes.start_time',
}

/** Gives what the server is asked for; the tree is what there is when nothing is looked for. */
function askedFor(view: JobsView): Asked {
  const looking = view.q !== '' || view.filter !== '' || view.state !== ''
  return {
    name_contains: view.q || undefined,
    filter: view.filter || undefined,
    state: view.state || undefined,
    experiment_name: view.experiment || undefined,
    order_by: view.sort ? `${view.sort} ${view.down ? 'DESC' : 'ASC'}` : undefined,
    archived: view.archived ? 'all' : undefined,
    parent_job_name: looking ? undefined : '',
  }
}

export default function JobsPage() {
  const workspace = useWorkspace()
  const [view, setView] = useView<JobsView>(STANDARD)
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const asked = askedFor(view)
  const jobs = useInfiniteQuery({ ...found(workspace, asked), placeholderData: keepPreviousData })
  const rows = useTree(workspace, rowsOf(jobs.data), open)
  const columns = useMemo(() => {
    const toggle = (name: string) => {
      setOpen((before) => toggled(before, name))
    }
    return [
      treeColumn(open, toggle),
      ...sortable(JOB_COLUMNS.slice(1)),
      ...metricColumns(rows, `${view.filter} ${view.sort}`),
    ]
  }, [open, rows, view.filter, view.sort])
  const { fetchNextPage } = jobs
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage])
  const sort: Sort | undefined = view.sort ? { by: view.sort, descending: view.down } : undefined
  const unfinished = jobs.error !== null && asProblem(jobs.error).status === 422
  const words = listed(asked).map(quoted).join(' ')
  return (
    <>
      <div className="stack">
        <PageHeader
          title="Jobs"
          about="Every run of work: jobs of this workspace, and runs that programs logged."
        >
          <button
            type="button"
            className="button primary"
            onClick={() => {
              setView({ new: true })
            }}
          >
            <Icon name="plus" />
            New job
          </button>
          <CommandPanel
            cli={`zaffre job list ${words}`.trim()}
            sdk={sdk(asked)}
            rest={`POST ${location.origin}/api/v1/workspaces/${workspace}/jobs/search\n\n${JSON.stringify(asked, null, 2)}`}
          />
        </PageHeader>
        {selected.size > 0 ? (
          <BulkActions jobs={rows.filter((job) => selected.has(job.name))} done={setSelected} />
        ) : (
          <JobFilters
            view={view}
            set={setView}
            rows={rows}
            problem={jobs.error ? asProblem(jobs.error) : undefined}
          />
        )}
      </div>
      {view.new && (
        <NewJobDialog
          onClose={() => {
            setView({ new: false })
          }}
        />
      )}
      <ResourceTable
        name="jobs"
        label="Jobs"
        columns={columns}
        rows={rows}
        id={(job) => job.name}
        loading={jobs.isLoading}
        error={unfinished ? undefined : jobs.error}
        retry={() => void jobs.refetch()}
        more={jobs.hasNextPage}
        onEnd={more}
        sort={sort}
        onSort={(chosen) => {
          setView({ sort: chosen.by, down: chosen.descending })
        }}
        selected={selected}
        onSelect={setSelected}
        empty={
          <Empty
            unfinished={unfinished}
            looking={asked['parent_job_name'] === undefined || view.experiment !== ''}
          />
        }
      />
    </>
  )
}

function Empty({ looking, unfinished }: { looking: boolean; unfinished: boolean }) {
  if (unfinished)
    return (
      <EmptyPage
        title="The filter is not understood"
        about={
          <>
            Comparisons joined by <code>and</code>: of <code>metrics.NAME</code>, <code>params.NAME</code>,{' '}
            <code>tags.NAME</code> and <code>attributes.run_name</code>; texts in quotes.
          </>
        }
        command="metrics.loss < 0.1 and params.alpha = '0.5' and tags.owner LIKE 'ad%'"
      />
    )
  if (looking)
    return (
      <EmptyPage
        title="No job is like this"
        about="Nothing in this workspace fits the search. Take parts of it away, or list archived jobs too."
      />
    )
  return (
    <EmptyPage
      title="No job yet"
      about="A job is one run of work: a command, a pipeline or a sweep, with what it needs and what came of it. Runs of programs that log to MLflow’s address are listed here, too."
      command="zaffre job create -f job.yml --stream"
    />
  )
}

function useTree(workspace: string, roots: Job[], open: ReadonlySet<string>) {
  const names = [...open]
  const below = useQueries({
    queries: names.map((name) => childrenOf(workspace, name)),
    combine: (results) => new Map(results.map((one, index) => [names[index] ?? '', one.data?.items ?? []])),
  })
  return useMemo(() => flattened(roots, open, below), [roots, open, below])
}

function toggled(before: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const after = new Set(before)
  if (!after.delete(name)) after.add(name)
  return after
}

function treeColumn(open: ReadonlySet<string>, toggle: (name: string) => void): Column<TreeJob> {
  return {
    id: 'name',
    title: 'Name',
    width: 'minmax(14rem, 2fr)',
    sort: SORTS['name'],
    cell: (job) => (
      <span className="table-tree" style={{ paddingLeft: `${job.depth * 1.25}rem` }}>
        {job.children ? (
          <button
            type="button"
            aria-expanded={open.has(job.name)}
            aria-label={`${job.children} children of ${titleOf(job)}`}
            onClick={() => {
              toggle(job.name)
            }}
          >
            <Icon name={open.has(job.name) ? 'down' : 'right'} size={12} />
          </button>
        ) : (
          <span className="table-leaf" />
        )}
        <span className="ellipsis">
          <PageLink to={['jobs', job.name]} title={job.name}>
            {titleOf(job)}
          </PageLink>
          {job.children ? <span className="muted small"> {job.children}</span> : null}
        </span>
      </span>
    ),
  }
}

function sortable(columns: typeof JOB_COLUMNS): Column<TreeJob>[] {
  return columns.map((column) => ({ ...column, sort: SORTS[column.id] }))
}

function sdk(asked: Asked): string {
  const given = [
    ['state', asked['state']],
    ['experiment_name', asked['experiment_name']],
    ['name_contains', asked['name_contains']],
  ].filter(([, value]) => value)
  const words = given.map(([name, value]) => `${String(name)}=${JSON.stringify(value)}`).join(', ')
  const plain = program(`for job in ml.jobs.list(${words}):\n    print(job.name, job.status)`)
  if (!asked['filter'] && !asked['order_by']) return plain
  return `${plain}\n\n# By what was logged:\nimport mlflow\n\nmlflow.set_tracking_uri(ml.tracking_uri)\nruns = mlflow.search_runs(\n    search_all_experiments=True,\n    filter_string=${JSON.stringify(asked['filter'] ?? '')},\n    order_by=${JSON.stringify(asked['order_by'] ? [asked['order_by']] : [])},\n)`
}
