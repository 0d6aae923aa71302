/** Makes an endpoint: a name is all it needs. */

import { useState } from 'react'

import { collection } from '@/api/kinds'
import { send } from '@/api/client'
import { Dialog } from '@/parts/Dialog'
import { useGo, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

export function CreateEndpoint({ onClose }: { onClose: () => void }) {
  const workspace = useWorkspace()
  const go = useGo()
  const [name, setName] = useState('')
  const [error, setError] = useState<unknown>()
  const make = async () => {
    try {
      await send('post', collection(workspace, 'online_endpoint'), { body: { name, auth_mode: 'key' } })
      go(['endpoints', name])
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <Dialog title="New real-time endpoint" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void make()
        }}
      >
        <label className="field">
          Name
          <input
            className="input"
            required
            autoComplete="off"
            value={name}
            onChange={(event) => {
              setName(event.target.value)
            }}
          />
          <span className="hint">Part of its address: letters, digits and `-`.</span>
        </label>
        {error !== undefined && <ProblemView error={error} />}
        <footer className="row">
          <button type="submit" className="button primary">
            Create the endpoint
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
