/** One model: what it is and came of, its metrics, files, aliases and deployments. */

import { useQuery } from '@tanstack/react-query'

import type { Resource } from '@/api/kinds'
import { numberOf, runOf } from '@/api/mlflow'
import { CodeBlock } from '@/parts/Copy'
import { TreeFiles } from '@/parts/Files'
import { Bytes, numeral, TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink } from '@/parts/place'
import { Marks, ResourcePage } from '@/parts/ResourcePage'
import { Tag } from '@/parts/StateBadge'

import { Package } from './Package'

type Model = Resource<'model'>

function Overview({ model }: { model: Model }) {
  return (
    <>
      <section className="card">
        <div className="body">
          <KeyValue
            facts={[
              ['Type', model.type],
              [
                'Made by',
                model.job_name && <PageLink to={['jobs', model.job_name]}>{model.job_name}</PageLink>,
              ],
              ['Path', <code key="p">{model.path}</code>],
              ['Files', model.file_count],
              ['Size', model.total_bytes && <Bytes size={model.total_bytes} />],
              ['Digest', model.tree && <code key="d">{model.tree}</code>],
              ['Made', <TimeAgo key="t" at={model.creation_context.created_at} />],
              ['By', model.creation_context.created_by],
              ['Tags', <Marks key="m" resource={model} />],
            ]}
          />
        </div>
      </section>
      {model.job_name && <Metrics workspace={model.workspace} job={model.job_name} />}
      <section className="card">
        <header>
          <h2>Use it</h2>
        </header>
        <div className="body stack">
          <CodeBlock label="YAML" text={`model: azureml:${model.name}:${model.version}\n`} />
          <CodeBlock
            label="Python"
            text={`import mlflow\n\nmodel = mlflow.pyfunc.load_model("models:/${model.name}/${model.version}")\n`}
          />
        </div>
      </section>
    </>
  )
}

function Metrics({ workspace, job }: { workspace: string; job: string }) {
  const run = useQuery({ ...runOf(workspace, job), retry: false })
  const metrics = run.data?.data.metrics ?? []
  if (metrics.length === 0) return null
  return (
    <section className="card" aria-label="Metrics of its job">
      <header>
        <h2>Metrics of its job</h2>
      </header>
      <div className="body">
        <KeyValue facts={metrics.slice(0, 40).map((one) => [one.key, numeral(numberOf(one.value))])} />
      </div>
    </section>
  )
}

export default function ModelPage() {
  return (
    <ResourcePage
      kind="model"
      noun="model"
      attribute="models"
      versioned
      list={{ title: 'Models', to: ['models'] }}
      lost="This version goes. It is refused while a deployment uses it; the job that made it stays."
      beside={(model) => <Tag>{model.type}</Tag>}
      actions={(model) => <Package model={model} />}
      tabs={[
        { id: 'overview', title: 'Overview', show: (model) => <Overview model={model} /> },
        {
          id: 'files',
          title: 'Files',
          show: (model) =>
            model.tree ? (
              <TreeFiles digest={model.tree} />
            ) : (
              <p className="muted">Its files are not kept here.</p>
            ),
        },
      ]}
    />
  )
}
