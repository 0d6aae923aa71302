/** What can be done with a job. */

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { send } from '@/api/client'
import { collection } from '@/api/kinds'
import { asProblem } from '@/api/problem'
import { ConfirmDialog } from '@/parts/Dialog'
import { Icon } from '@/parts/Icon'
import { Menu } from '@/parts/Menu'
import { notify } from '@/parts/notices'
import { useGo } from '@/parts/place'

import { again, archive, cancel, remove, restore } from './acts'
import { ended, submitted, titleOf, type Job } from './job'
import { RegisterDialog } from './RegisterDialog'

type Asking = 'cancel' | 'delete' | 'register' | undefined

export function RunActions({ job }: { job: Job }) {
  const [asking, setAsking] = useState<Asking>()
  const client = useQueryClient()
  const go = useGo()
  const close = () => {
    setAsking(undefined)
  }
  const doing = (said: string, work: Promise<unknown>) =>
    work.then(
      () => {
        notify(said)
        void client.invalidateQueries({ queryKey: [job.workspace, 'job'] })
      },
      (error: unknown) => {
        notify(asProblem(error).message, 'bad')
      },
    )
  const resubmit = async () => {
    const name = await again(job)
    notify(`Submitted again as ${name}.`)
    go(['jobs', name])
  }
  return (
    <>
      {!ended(job) && submitted(job) && (
        <button
          type="button"
          className="button danger"
          onClick={() => {
            setAsking('cancel')
          }}
        >
          <Icon name="stop" />
          Cancel
        </button>
      )}
      {ended(job) && submitted(job) && (
        <button
          type="button"
          className="button primary"
          onClick={() => {
            resubmit().catch((error: unknown) => {
              notify(asProblem(error).message, 'bad')
            })
          }}
        >
          <Icon name="again" />
          Run again
        </button>
      )}
      <Menu label="More">
        <button
          type="button"
          onClick={() => {
            setAsking('register')
          }}
        >
          <Icon name="model" /> Register a model…
        </button>
        <button
          type="button"
          onClick={() => {
            go(['compare'], { jobs: job.name })
          }}
        >
          <Icon name="compare" /> Compare with others
        </button>
        <button
          type="button"
          onClick={() =>
            void (job.archived
              ? doing('Restored: lists show it again.', restore(job))
              : doing('Archived: lists leave it out. Nothing is lost.', archive(job)))
          }
        >
          <Icon name="archive" /> {job.archived ? 'Restore' : 'Archive'}
        </button>
        {ended(job) && submitted(job) && (
          <button
            type="button"
            onClick={() => {
              setAsking('delete')
            }}
          >
            <Icon name="close" /> Delete…
          </button>
        )}
      </Menu>
      {asking === 'cancel' && (
        <ConfirmDialog
          title={`Cancel ${titleOf(job)}?`}
          verb="Cancel the job"
          act={() => doing('Asked it to stop.', cancel(job))}
          onClose={close}
        >
          What it computed since it began is lost, unless its code saved it. Its log, its metrics and what it
          already wrote stay.
        </ConfirmDialog>
      )}
      {asking === 'delete' && (
        <ConfirmDialog
          title={`Delete ${titleOf(job)}?`}
          verb="Delete the job"
          act={async () => {
            await remove(job)
            notify(`Deleted ${job.name}.`)
            go(['jobs'])
          }}
          onClose={close}
        >
          Its document, log, metrics and files are lost. What was registered of it stays; the space of its
          files is free again after <code>zaffre workspace gc</code>. To only leave it out of lists, archive
          it.
        </ConfirmDialog>
      )}
      {asking === 'register' && (
        <RegisterDialog
          job={job}
          onClose={close}
          register={async (document) => {
            await send('post', collection(job.workspace, 'model'), { body: document })
            notify(`Registered model ${document.name}.`)
            go(['models', document.name])
          }}
        />
      )}
    </>
  )
}
