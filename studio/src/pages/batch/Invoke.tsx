/** Invokes a batch endpoint: data in, a job out. */

import { useState } from 'react'

import { send } from '@/api/client'
import { one, type Resource } from '@/api/kinds'
import { FormTabs, quoted } from '@/parts/CommandPanel'
import { Dialog } from '@/parts/Dialog'
import { useGo } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

export function Invoke({ endpoint }: { endpoint: Resource<'batch_endpoint'> }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button
        type="button"
        className="button primary"
        onClick={() => {
          setOpen(true)
        }}
      >
        Invoke…
      </button>
      {open && (
        <Form
          endpoint={endpoint}
          onClose={() => {
            setOpen(false)
          }}
        />
      )}
    </>
  )
}

function Form({ endpoint, onClose }: { endpoint: Resource<'batch_endpoint'>; onClose: () => void }) {
  const go = useGo()
  const [path, setPath] = useState('')
  const [type, setType] = useState('uri_folder')
  const [error, setError] = useState<unknown>()
  const { name, workspace } = endpoint
  const invoke = async () => {
    try {
      const url = one(workspace, 'batch_endpoint', { name }, 'jobs')
      const made = (await send('post', url, { body: { input: { type, path } } })) as { name: string }
      go(['jobs', made.name])
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <Dialog title={`Invoke ${name}`} wide onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void invoke()
        }}
      >
        <label className="field">
          Data
          <input
            className="input"
            required
            placeholder="azureml:customers@latest"
            value={path}
            onChange={(event) => {
              setPath(event.target.value)
            }}
          />
          <span className="hint">
            A data asset, or a place in a datastore: azureml://datastores/NAME/paths/FOLDER
          </span>
        </label>
        <label className="field">
          Type
          <select
            className="input"
            value={type}
            onChange={(event) => {
              setType(event.target.value)
            }}
          >
            <option>uri_folder</option>
            <option>uri_file</option>
            <option>mltable</option>
          </select>
        </label>
        {error !== undefined && <ProblemView error={error} />}
        <FormTabs
          cli={`zaffre batch-endpoint invoke -n ${quoted(name)} --input ${quoted(path || 'azureml:customers@latest')} --input-type ${type}`}
          sdk={`from zaffre.ml import Input\n\nml.batch_endpoints.invoke("${name}", input=Input(type="${type}", path="${path || 'azureml:customers@latest'}"))`}
        />
        <footer className="row">
          <button type="submit" className="button primary">
            Start the job
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
