/** Puts a registered model behind an endpoint. */

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { send } from '@/api/client'
import { collection } from '@/api/kinds'
import { listOf, rowsOf } from '@/api/queries'
import { FormTabs } from '@/parts/CommandPanel'
import { Dialog } from '@/parts/Dialog'
import { EmptyPage } from '@/parts/EmptyPage'
import { notify } from '@/parts/notices'
import { useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

interface Props {
  endpoint: string
  onClose: () => void
}

export function Deploy({ endpoint, onClose }: Props) {
  const workspace = useWorkspace()
  const models = useInfiniteQuery(listOf(workspace, 'model'))
  const known = rowsOf(models.data)
  const [name, setName] = useState('blue')
  const [model, setModel] = useState('')
  const [instances, setInstances] = useState(1)
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const chosen = known.find((one) => one.name === model) ?? known[0]
  const document = {
    name,
    endpoint_name: endpoint,
    model: chosen ? `azureml:${chosen.name}:${chosen.version}` : '',
    instance_count: instances,
  }
  const make = async () => {
    setBusy(true)
    setError(undefined)
    try {
      await send('post', collection(workspace, 'online_deployment', endpoint), { body: document })
      notify(`${name} is being deployed; give it traffic when it is ready.`)
      onClose()
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }
  if (models.data && known.length === 0)
    return (
      <Dialog title="Deploy a model" onClose={onClose}>
        <EmptyPage
          title="There is no model yet"
          about="Register the output of a job, or files of yours; then it can be deployed."
          command="zaffre model create --name churn --path ./model --type mlflow_model"
        />
      </Dialog>
    )
  return (
    <Dialog title={`Deploy a model to ${endpoint}`} wide onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void make()
        }}
      >
        <label className="field">
          Model
          <select
            className="input"
            value={chosen?.name ?? ''}
            onChange={(event) => {
              setModel(event.target.value)
            }}
          >
            {known.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}:{one.version} ({one.type})
              </option>
            ))}
          </select>
          <span className="hint">
            Models of type mlflow_model answer by themselves; others need a scoring script, written in a
            document.
          </span>
        </label>
        <label className="field">
          Name of the deployment
          <input
            className="input"
            required
            value={name}
            onChange={(event) => {
              setName(event.target.value)
            }}
          />
        </label>
        <label className="field">
          Instances
          <input
            className="input"
            type="number"
            min={1}
            max={256}
            value={instances}
            onChange={(event) => {
              setInstances(Math.max(1, event.target.valueAsNumber || 1))
            }}
          />
        </label>
        {error !== undefined && <ProblemView error={error} />}
        <FormTabs
          cli={`zaffre online-deployment create -f deployment.yml`}
          yaml={Object.entries(document)
            .map(([field, value]) => `${field}: ${value}`)
            .join('\n')}
        />
        <footer className="row">
          <button type="submit" className="button primary" disabled={busy || !chosen}>
            Deploy
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
