/** Makes a batch deployment of a pipeline job: its steps are run for each invocation of the endpoint. */

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { send } from '@/api/client'
import { collection } from '@/api/kinds'
import { listOf, rowsOf } from '@/api/queries'
import { FormTabs, quoted } from '@/parts/CommandPanel'
import { Dialog } from '@/parts/Dialog'
import { notify } from '@/parts/notices'
import { useGo } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

interface Props {
  workspace: string
  job: string
  name: string
  onClose: () => void
}

export function DeployDialog({ workspace, job, name, onClose }: Props) {
  const go = useGo()
  const endpoints = rowsOf(useInfiniteQuery(listOf(workspace, 'batch_endpoint')).data)
  const [endpoint, setEndpoint] = useState(name)
  const [deployment, setDeployment] = useState('default')
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const known = endpoints.some((one) => one.name === endpoint)
  const deploy = async () => {
    const one = `${collection(workspace, 'batch_endpoint')}/${encodeURIComponent(endpoint)}`
    if (!known) await send('post', collection(workspace, 'batch_endpoint'), { body: { name: endpoint } })
    const body = { name: deployment, type: 'pipeline', job_definition: `azureml:${job}` }
    await send(
      'put',
      `${collection(workspace, 'batch_deployment', endpoint)}/${encodeURIComponent(deployment)}`,
      { body },
    )
    if (!known) await send('patch', one, { body: { defaults: { deployment_name: deployment } } })
  }
  const yaml = `name: ${deployment}\nendpoint_name: ${endpoint}\ntype: pipeline\njob_definition: azureml:${job}\n`
  return (
    <Dialog title="Deploy to a batch endpoint" onClose={onClose}>
      <div className="stack">
        <p className="muted">
          The endpoint runs the steps of <code>{job}</code> each time it is invoked; the pipeline’s inputs and
          outputs are those of the invocation.
        </p>
        <label className="field">
          <span>Endpoint</span>
          <input
            className="input"
            list="batch-endpoints"
            value={endpoint}
            onChange={(event) => {
              setEndpoint(event.target.value)
            }}
          />
          <span className="hint">
            {known
              ? 'It is there: this is one more deployment of it.'
              : 'It is made new, with this as its default.'}
          </span>
        </label>
        <datalist id="batch-endpoints">
          {endpoints.map((one) => (
            <option key={one.name} value={one.name} />
          ))}
        </datalist>
        <label className="field">
          <span>Deployment</span>
          <input
            className="input"
            value={deployment}
            onChange={(event) => {
              setDeployment(event.target.value)
            }}
          />
        </label>
        <FormTabs
          cli={`${known ? '' : `zaffre batch-endpoint create -n ${quoted(endpoint)}\n`}zaffre batch-deployment create -f deployment.yml${known ? '' : ' --set-default'}`}
          yaml={yaml}
        />
        {error !== undefined && <ProblemView error={error} />}
      </div>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Not now
        </button>
        <button
          type="button"
          className="button primary"
          disabled={busy || !endpoint || !deployment}
          onClick={() => {
            setBusy(true)
            deploy().then(
              () => {
                notify(`\`${endpoint}\` runs this pipeline now.`)
                onClose()
                go(['batch-endpoints', endpoint])
              },
              (problem: unknown) => {
                setError(problem)
                setBusy(false)
              },
            )
          }}
        >
          Deploy
        </button>
      </footer>
    </Dialog>
  )
}
