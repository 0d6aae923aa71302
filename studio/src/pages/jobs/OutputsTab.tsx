/** What the job made: its outputs, and the files of its run. */

import { useQuery } from '@tanstack/react-query'

import { belowOf } from '@/api/queries'
import { CodeBlock } from '@/parts/Copy'
import { EmptyPage } from '@/parts/EmptyPage'
import { Files, TreeFiles, type StoredFile } from '@/parts/Files'
import { PageLink, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { Tag } from '@/parts/StateBadge'

import { assetOf, ended, type Job, type OutputResult } from './job'

interface Outputs {
  outputs: Record<string, OutputResult>
  artifacts: StoredFile[]
}

export function OutputsTab({ job }: { job: Job }) {
  const workspace = useWorkspace()
  const found = useQuery(belowOf<Outputs>(workspace, 'job', { name: job.name }, 'outputs'))
  if (found.error) return <ProblemView error={found.error} retry={() => void found.refetch()} />
  if (!found.data) return <p className="muted">Loading…</p>
  const outputs = Object.entries(found.data.outputs)
  if (outputs.length + found.data.artifacts.length === 0)
    return (
      <section className="card">
        <EmptyPage
          title={ended(job) ? 'The job made no file' : 'No file yet'}
          about="Outputs that the document names, and files that the job’s code logs, show here."
          command={'outputs:\n  model:\n    type: uri_folder'}
        />
      </section>
    )
  return (
    <>
      {outputs.map(([name, result]) => (
        <Output key={name} name={name} result={result} />
      ))}
      {found.data.artifacts.length > 0 && (
        <section className="card">
          <header>
            <h2>Files of the run</h2>
          </header>
          <div className="body">
            <Files files={found.data.artifacts} />
          </div>
        </section>
      )}
      <CodeBlock text={`zaffre job download -n ${job.name}`} label="command that downloads all" />
    </>
  )
}

function Output({ name, result }: { name: string; result: OutputResult }) {
  const asset = assetOf(result.asset)
  const page = result.type.endsWith('_model') ? 'models' : 'data'
  return (
    <section className="card">
      <header>
        <h2>{name}</h2>
        <span className="row">
          {asset && (
            <PageLink to={[page, asset.name]} search={{ version: asset.version }}>
              {asset.name}:{asset.version}
            </PageLink>
          )}
          <Tag>{result.type}</Tag>
        </span>
      </header>
      <div className="body">
        {result.tree ? (
          <TreeFiles digest={result.tree} />
        ) : (
          <p className="mono">{result.path ?? 'Kept elsewhere.'}</p>
        )}
      </div>
    </section>
  )
}
