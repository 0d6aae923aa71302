/** Deployments of an endpoint, and how requests are shared among them. */

import { useState } from 'react'

import { send } from '@/api/client'
import { one } from '@/api/kinds'
import { ConfirmDialog } from '@/parts/Dialog'
import { EmptyPage } from '@/parts/EmptyPage'
import { bytes, numeral, TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { notify } from '@/parts/notices'
import { useWorkspace } from '@/parts/place'
import { StateBadge, Tag } from '@/parts/StateBadge'

import { modelOf, type Deployment, type Endpoint } from './parts'
import { Traffic } from './Traffic'

interface Props {
  endpoint: Endpoint
  deployments: Deployment[]
}

export function OverviewTab({ endpoint, deployments }: Props) {
  if (deployments.length === 0)
    return (
      <div className="card">
        <EmptyPage
          title="Nothing answers here yet"
          about="A deployment puts a model behind this address: press “Deploy a model”, or write it down and create it."
          command={`zaffre online-deployment create -f deployment.yml --endpoint-name ${endpoint.name} --all-traffic`}
        />
      </div>
    )
  return (
    <>
      <Traffic
        key={`${JSON.stringify(endpoint.traffic)}${JSON.stringify(endpoint.mirror_traffic)}${deployments.length}`}
        endpoint={endpoint}
        deployments={deployments}
      />
      <div className="grid">
        {deployments.map((deployment) => (
          <DeploymentCard key={deployment.name} endpoint={endpoint} deployment={deployment} />
        ))}
      </div>
    </>
  )
}

function DeploymentCard({ endpoint, deployment }: { endpoint: Endpoint; deployment: Deployment }) {
  const workspace = useWorkspace()
  const [asked, setAsked] = useState<'delete' | 'rollback'>()
  const { name, load } = deployment
  const place = { name, parent: endpoint.name }
  const share = endpoint.traffic?.[name] ?? 0
  const close = () => {
    setAsked(undefined)
  }
  return (
    <section className="card" aria-label={`Deployment ${name}`}>
      <header>
        <h2 className="row">
          {name} <StateBadge state={deployment.provisioning_state} />
        </h2>
        <div className="row">
          <button
            type="button"
            className="button small"
            onClick={() => {
              setAsked('rollback')
            }}
          >
            Roll back
          </button>
          <button
            type="button"
            className="button small danger"
            onClick={() => {
              setAsked('delete')
            }}
          >
            Delete
          </button>
        </div>
      </header>
      <div className="body stack">
        {deployment.error && (
          <p role="alert" className="fault">
            {deployment.error.message}
          </p>
        )}
        <KeyValue
          facts={[
            ['Model', modelOf(deployment)],
            ['Traffic', `${share} %`],
            [
              'Instances',
              `${deployment.ready_instances} ready of ${deployment.wanted_instances ?? deployment.instance_count}`,
            ],
            ['Requests', load && `${numeral(load.requests)}, ${numeral(load.errors)} with an error`],
            ['Latency', load?.p50_ms && `p50 ${numeral(load.p50_ms)} ms, p99 ${numeral(load.p99_ms)} ms`],
            ['Memory', load && bytes(load.memory_bytes)],
            ['Answers by', deployment.code_configuration?.scoring_script ?? 'the model itself'],
            ['Changed', <TimeAgo key="t" at={deployment.creation_context.last_modified_at} />],
          ]}
        />
        {Object.keys(deployment.tags).length > 0 && (
          <div className="row">
            {Object.entries(deployment.tags).map(([key, value]) => (
              <Tag key={key}>{value ? `${key}=${value}` : key}</Tag>
            ))}
          </div>
        )}
      </div>
      {asked === 'rollback' && (
        <ConfirmDialog
          title={`Roll ${name} back?`}
          verb="Serve what served before"
          onClose={close}
          act={() => send('post', `${one(workspace, 'online_deployment', place)}/rollback`)}
        >
          The model, script and settings before the last change of this deployment answer again. No request is
          dropped; rolling back once more undoes it.
        </ConfirmDialog>
      )}
      {asked === 'delete' && (
        <ConfirmDialog
          title={`Delete deployment ${name}?`}
          verb="Delete the deployment"
          onClose={close}
          act={async () => {
            await send('delete', one(workspace, 'online_deployment', place))
            notify(`${name} is being deleted.`)
          }}
        >
          Its workers stop
          {share > 0 ? `; it takes ${share} % of the traffic now, give that to another one first` : ''}. The
          model, and what was captured of its requests, stay.
        </ConfirmDialog>
      )}
    </section>
  )
}
