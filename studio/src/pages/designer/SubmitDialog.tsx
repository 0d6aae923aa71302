/** Runs the pipeline: says before what would run and what would be reused. */

import { useState } from 'react'

import { send } from '@/api/client'
import { collection } from '@/api/kinds'
import { Dialog } from '@/parts/Dialog'
import { ProblemView } from '@/parts/ProblemView'

import type { Mapping } from './edit'
import { textOf } from './graph'
import { usePlan } from './queries'

interface Props {
  workspace: string
  document: Mapping
  busy: boolean
  onClose: () => void
  onSubmitted: (job: string) => void
}

const WORDS = {
  run: 'Runs',
  reuse: 'Reused',
  depends: 'Depends',
  decide: 'Decides',
  skip: 'Skipped',
} as const

export function SubmitDialog({ workspace, document, busy, onClose, onSubmitted }: Props) {
  const [name, setName] = useState('')
  const [experiment, setExperiment] = useState(textOf(document['experiment_name']))
  const [error, setError] = useState<unknown>()
  const [sending, setSending] = useState(false)
  const plan = usePlan(workspace, document, true)
  const submit = () => {
    setSending(true)
    const body = { ...document, ...(name && { name }), ...(experiment && { experiment_name: experiment }) }
    send('post', collection(workspace, 'job'), { body }).then(
      (made) => {
        onSubmitted((made as { name: string }).name)
      },
      (problem: unknown) => {
        setError(problem)
        setSending(false)
      },
    )
  }
  return (
    <Dialog title="Run the pipeline" onClose={onClose}>
      <form
        className="stack"
        id="submit"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <label className="field">
          <span>Job name</span>
          <input
            className="input"
            value={name}
            placeholder="given by the server"
            onChange={(event) => {
              setName(event.target.value)
            }}
          />
        </label>
        <label className="field">
          <span>Experiment</span>
          <input
            className="input"
            value={experiment}
            placeholder="Default"
            onChange={(event) => {
              setExperiment(event.target.value)
            }}
          />
        </label>
        {plan.data && plan.data.steps.length > 0 && (
          <div className="scroll-x">
            <table className="plain-table">
              <thead>
                <tr>
                  <th>Step</th>
                  <th>What becomes of it</th>
                </tr>
              </thead>
              <tbody>
                {plan.data.steps.map((row) => (
                  <tr key={row.step}>
                    <td>{row.step}</td>
                    <td>
                      <span className="badge" data-tone={row.action === 'reuse' ? 'good' : 'plain'}>
                        {WORDS[row.action]}
                      </span>{' '}
                      {row.reason}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {(error !== undefined || plan.error) && <ProblemView error={error ?? plan.error} />}
      </form>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Not now
        </button>
        <button type="submit" form="submit" className="button primary" disabled={sending || busy}>
          Run
        </button>
      </footer>
    </Dialog>
  )
}
