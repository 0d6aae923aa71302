/** Registers what a job made as a model. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { stringify } from 'yaml'

import { asProblem, type Problem } from '@/api/problem'
import { FormTabs, program, quoted } from '@/parts/CommandPanel'
import { Dialog } from '@/parts/Dialog'
import { FormFromSchema } from '@/parts/FormFromSchema'
import { ProblemView } from '@/parts/ProblemView'
import { description, schemaOf, type Value } from '@/parts/schema'

import type { Job } from './job'

export interface ModelDocument {
  name: string
  path: string
  type?: string
}

interface Props {
  job: Job
  register: (document: ModelDocument) => Promise<void>
  onClose: () => void
}

const FIELDS = ['type', 'path', 'description']

export function RegisterDialog({ job, register, onClose }: Props) {
  const described = useQuery(description)
  const output = Object.entries(job.results ?? {}).find(([, result]) => result.tree)
  const model = output?.[1].type.endsWith('_model') ? output[1].type : 'custom_model'
  const [name, setName] = useState((job.experiment_name ?? 'model').replace(/[^\w.-]+/g, '-'))
  const [value, setValue] = useState<Record<string, Value>>({
    type: model,
    path: output ? `azureml://jobs/${job.name}/outputs/${output[0]}` : `runs:/${job.name}/model`,
  })
  const [problem, setProblem] = useState<Problem>()
  const document = { ...value, name } as unknown as ModelDocument
  const submit = () => {
    register(document).catch((error: unknown) => {
      setProblem(asProblem(error))
    })
  }
  return (
    <Dialog title="Register a model" wide onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <div className="field">
          <label htmlFor="model-name">Name</label>
          <input
            id="model-name"
            className="input"
            required
            value={name}
            onChange={(event) => {
              setName(event.target.value)
            }}
          />
          <span className="hint">A name that is there already gets its next version.</span>
        </div>
        {described.data && (
          <FormFromSchema
            schema={schemaOf(described.data, 'ModelSpec')}
            fields={FIELDS}
            value={value}
            onChange={setValue}
            problems={problem?.fields}
          />
        )}
        {problem && <ProblemView error={problem} />}
        <FormTabs
          cli={`zaffre model create -n ${quoted(name)} --type ${String(value['type'])} --path ${quoted(String(value['path']))}`}
          sdk={program(
            `from zaffre.ml.entities import Model\n\nml.models.create_or_update(\n    Model(name="${name}", type="${String(value['type'])}", path="${String(value['path'])}")\n)`,
          )}
          yaml={stringify(document)}
        />
        <footer className="row" style={{ justifyContent: 'flex-end' }}>
          <button type="submit" className="button primary">
            Register
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
