/** Submits a job from its document: what `zaffre job create -f` does, for jobs that need no folder of code. */

import { useState } from 'react'
import { parseDocument } from 'yaml'

import { send } from '@/api/client'
import { collection } from '@/api/kinds'
import { asProblem, Problem } from '@/api/problem'
import { Dialog } from '@/parts/Dialog'
import { notify } from '@/parts/notices'
import { useGo, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

const START = `command: >-
  python -c "print('hello from', '\${{inputs.name}}')"
environment:
  python: current
inputs:
  name: the studio
experiment_name: first-steps
display_name: hello
`

/** Reads a document of YAML; what cannot be read is said with its line. */
export function read(text: string): Record<string, unknown> {
  const document = parseDocument(text)
  const wrong = document.errors[0]
  if (wrong)
    throw new Problem(422, 'bad_yaml', wrong.message, 'YAML is indented by spaces, two for each level.')
  const found: unknown = document.toJS()
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw new Problem(422, 'bad_yaml', 'The document is no mapping of fields.', 'Begin with `command: ...`.')
  return found as Record<string, unknown>
}

export function NewJobDialog({ onClose }: { onClose: () => void }) {
  const workspace = useWorkspace()
  const go = useGo()
  const [text, setText] = useState(START)
  const [problem, setProblem] = useState<Problem>()
  const [busy, setBusy] = useState(false)
  const submit = async () => {
    setBusy(true)
    try {
      const made = (await send('post', collection(workspace, 'job'), { body: read(text) })) as {
        name: string
      }
      notify(`Submitted ${made.name}.`)
      go(['jobs', made.name], { tab: 'logs' })
    } catch (error) {
      setProblem(asProblem(error))
      setBusy(false)
    }
  }
  return (
    <Dialog title="New job" wide onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <div className="field">
          <label htmlFor="new-job">The job’s document, in Azure ML’s words</label>
          <textarea
            id="new-job"
            className="input mono"
            rows={14}
            spellCheck={false}
            value={text}
            onChange={(event) => {
              setText(event.target.value)
            }}
          />
          <span className="hint">
            A job with a folder of code is submitted where the folder is:{' '}
            <code>zaffre job create -f job.yml</code>.
          </span>
        </div>
        {problem && <ProblemView error={problem} />}
        <footer className="row" style={{ justifyContent: 'flex-end' }}>
          <button type="submit" className="button primary" disabled={busy}>
            Submit
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
