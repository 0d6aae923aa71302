/** Stored content that nothing refers to any more: looked for, then deleted. */

import { useState } from 'react'

import { send } from '@/api/client'
import { ConfirmDialog } from '@/parts/Dialog'
import { bytes, numeral } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { FormTabs } from '@/parts/CommandPanel'
import { useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

type Found = Record<string, number | boolean | string>

export function StorageTab() {
  const workspace = useWorkspace()
  const [found, setFound] = useState<Found>()
  const [error, setError] = useState<unknown>()
  const [asking, setAsking] = useState(false)
  const collect = async (dry: boolean) => {
    const url = `/api/v1/workspaces/${encodeURIComponent(workspace)}/gc`
    setFound((await send('post', url, { body: { dry_run: dry } })) as Found)
  }
  return (
    <section className="card">
      <header>
        <h2>Garbage</h2>
      </header>
      <div className="body stack">
        <p className="muted">
          Content is stored once and kept while anything refers to it. What deleted jobs, data and models left
          can be looked for, and deleted.
        </p>
        <div className="row">
          <button
            type="button"
            className="button"
            onClick={() => {
              setError(undefined)
              collect(true).catch(setError)
            }}
          >
            Look for garbage
          </button>
          <button
            type="button"
            className="button danger"
            disabled={!found}
            onClick={() => {
              setAsking(true)
            }}
          >
            Delete it
          </button>
        </div>
        {error !== undefined && <ProblemView error={error} />}
        {found && (
          <KeyValue
            facts={[
              [
                found.deleted ? 'Deleted' : 'To be deleted',
                `${numeral(Number(found.blobs))} files, ${bytes(Number(found.bytes))}`,
              ],
              ['Too new to be judged', numeral(Number(found.young))],
              ['In use', numeral(Number(found.kept))],
            ]}
          />
        )}
        <FormTabs cli="zaffre workspace gc" />
        {asking && (
          <ConfirmDialog
            title="Delete the garbage?"
            verb="Delete it"
            onClose={() => {
              setAsking(false)
            }}
            act={() => collect(false)}
          >
            Content that nothing refers to is gone for good. What jobs, data, models and deployments use
            stays.
          </ConfirmDialog>
        )}
      </div>
    </section>
  )
}
