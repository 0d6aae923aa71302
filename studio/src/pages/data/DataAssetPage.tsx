/** One data asset: what it is, its rows, its files, where it is used. */

import type { Resource } from '@/api/kinds'
import { CodeBlock } from '@/parts/Copy'
import { TreeFiles } from '@/parts/Files'
import { Bytes, TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { Marks, ResourcePage } from '@/parts/ResourcePage'
import { Tag } from '@/parts/StateBadge'

import { Explore } from './Explore'

type Data = Resource<'data'>

function Overview({ data }: { data: Data }) {
  const reference = `azureml:${data.name}:${data.version}`
  return (
    <>
      <section className="card">
        <div className="body">
          <KeyValue
            facts={[
              ['Type', data.type],
              ['Where', <code key="p">{data.path}</code>],
              ['Files', data.file_count],
              ['Size', data.total_bytes && <Bytes size={data.total_bytes} />],
              ['Digest', data.tree && <code key="d">{data.tree}</code>],
              ['Made', <TimeAgo key="t" at={data.creation_context.created_at} />],
              ['By', data.creation_context.created_by],
              ['Tags', <Marks key="m" resource={data} />],
            ]}
          />
        </div>
      </section>
      <section className="card">
        <header>
          <h2>Use it</h2>
        </header>
        <div className="body">
          <CodeBlock
            label="YAML"
            text={`inputs:\n  ${data.name.replace(/\W/g, '_')}:\n    type: ${data.type ?? 'uri_folder'}\n    path: ${reference}\n`}
          />
        </div>
      </section>
    </>
  )
}

export default function DataAssetPage() {
  return (
    <ResourcePage
      kind="data"
      noun="data"
      attribute="data"
      versioned
      list={{ title: 'Data', to: ['data'] }}
      lost="This version goes; jobs that read it keep what they made, but cannot be run again as they were. Content that others use stays."
      beside={(data) => <Tag>{data.type}</Tag>}
      tabs={[
        { id: 'overview', title: 'Overview', show: (data) => <Overview data={data} /> },
        { id: 'explore', title: 'Explore', show: (data) => <Explore tree={data.tree} /> },
        {
          id: 'files',
          title: 'Files',
          show: (data) =>
            data.tree ? (
              <TreeFiles digest={data.tree} />
            ) : (
              <p className="muted">The files are not kept here.</p>
            ),
        },
      ]}
    />
  )
}
