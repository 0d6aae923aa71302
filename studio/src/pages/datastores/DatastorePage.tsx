/** One datastore: where it is, and how jobs name it. */

import type { Resource } from '@/api/kinds'
import { CodeBlock } from '@/parts/Copy'
import { KeyValue } from '@/parts/KeyValue'
import { Marks, ResourcePage } from '@/parts/ResourcePage'
import { Tag } from '@/parts/StateBadge'

const OWN = new Set(
  'id name kind workspace version revision archived description tags properties creation_context type is_default'.split(
    ' ',
  ),
)

function Overview({ datastore }: { datastore: Resource<'datastore'> }) {
  const settings = Object.entries(datastore).filter(
    ([name, value]) => !OWN.has(name) && value !== null && value !== undefined,
  )
  return (
    <>
      <section className="card">
        <div className="body">
          <KeyValue
            facts={[
              ['Type', datastore.type],
              [
                'Default',
                datastore.is_default ? 'yes: what jobs write goes here unless they say where' : 'no',
              ],
              ...settings.map(([name, value]): [string, React.ReactNode] => [
                name.replace(/_/g, ' '),
                <code key={name}>{typeof value === 'string' ? value : JSON.stringify(value)}</code>,
              ]),
              ['Tags', <Marks key="m" resource={datastore} />],
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
            text={`path: azureml://datastores/${datastore.name}/paths/folder/file.csv\n`}
          />
        </div>
      </section>
    </>
  )
}

export default function DatastorePage() {
  return (
    <ResourcePage
      kind="datastore"
      noun="datastore"
      attribute="datastores"
      list={{ title: 'Datastores', to: ['datastores'] }}
      lost="Its name and credentials go; what lies in it stays where it is. Data that names it cannot be read any more."
      beside={(datastore) => <Tag>{datastore.type}</Tag>}
      tabs={[{ id: 'overview', title: 'Overview', show: (one) => <Overview datastore={one} /> }]}
    />
  )
}
