/** What can be done with several jobs at once. */

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import { asProblem } from '@/api/problem'
import { CommandPanel, program } from '@/parts/CommandPanel'
import { ConfirmDialog, Dialog } from '@/parts/Dialog'
import { notify } from '@/parts/notices'
import { useGo, useWorkspace } from '@/parts/place'

import { archive, cancel, remove, tag, type Named } from './acts'

const AT_A_TIME = 4

interface Props {
  jobs: Named[]
  done: (left: ReadonlySet<string>) => void
}

export function BulkActions({ jobs, done }: Props) {
  const names = jobs.map((job) => job.name)
  const workspace = useWorkspace()
  const client = useQueryClient()
  const go = useGo()
  const [asking, setAsking] = useState<'delete' | 'cancel' | 'tag'>()
  const close = () => {
    setAsking(undefined)
  }
  const all = async (said: string, act: (job: Named) => Promise<unknown>) => {
    const failed = await eachOf(jobs, act)
    const good = names.length - failed.size
    if (good > 0) notify(`${said} ${good} ${good === 1 ? 'job' : 'jobs'}.`)
    for (const problem of [...failed.values()].slice(0, 2)) notify(problem, 'bad')
    done(new Set(failed.keys()))
    await client.invalidateQueries({ queryKey: [workspace, 'job'] })
  }
  const list = names.map((name) => JSON.stringify(name)).join(', ')
  return (
    <div className="row" role="group" aria-label="With the chosen jobs">
      <strong>{names.length} chosen</strong>
      <button
        type="button"
        className="button"
        onClick={() => {
          go(['compare'], { jobs: names.join(',') })
        }}
      >
        Compare
      </button>
      <button
        type="button"
        className="button"
        onClick={() => {
          setAsking('tag')
        }}
      >
        Tag…
      </button>
      <button type="button" className="button" onClick={() => void all('Archived', archive)}>
        Archive
      </button>
      <button
        type="button"
        className="button"
        onClick={() => {
          setAsking('cancel')
        }}
      >
        Cancel…
      </button>
      <button
        type="button"
        className="button danger"
        onClick={() => {
          setAsking('delete')
        }}
      >
        Delete…
      </button>
      <CommandPanel
        cli={names.map((name) => `zaffre job archive -n ${name}`).join('\n')}
        sdk={program(`for name in [${list}]:\n    ml.jobs.archive(name)`)}
      />
      <button
        type="button"
        className="button plain"
        onClick={() => {
          done(new Set())
        }}
      >
        Choose none
      </button>
      {asking === 'cancel' && (
        <ConfirmDialog
          title={`Cancel ${names.length} jobs?`}
          verb="Cancel them"
          act={() => all('Asked to stop:', cancel)}
          onClose={close}
        >
          What those that still run computed is lost, unless their code saved it. Jobs that have ended stay as
          they are.
        </ConfirmDialog>
      )}
      {asking === 'delete' && (
        <ConfirmDialog
          title={`Delete ${names.length} jobs?`}
          verb="Delete them"
          act={() => all('Deleted', remove)}
          onClose={close}
        >
          Their documents, logs, metrics and files are lost. What was registered of them stays. To only leave
          them out of lists, archive them.
        </ConfirmDialog>
      )}
      {asking === 'tag' && (
        <TagDialog onClose={close} act={(key, value) => all('Tagged', (job) => tag(job, key, value))} />
      )}
    </div>
  )
}

/** Does something with each, a few at a time; gives what went wrong, by name. */
async function eachOf(jobs: Named[], act: (job: Named) => Promise<unknown>): Promise<Map<string, string>> {
  const failed = new Map<string, string>()
  const waiting = [...jobs]
  const work = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      try {
        await act(job)
      } catch (error) {
        failed.set(job.name, asProblem(error).message)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  return failed
}

interface TagProps {
  act: (key: string, value: string) => Promise<void>
  onClose: () => void
}

function TagDialog({ act, onClose }: TagProps) {
  const [key, setKey] = useState('')
  const [value, setValue] = useState('')
  return (
    <Dialog title="Tag the chosen jobs" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          void act(key, value).then(onClose)
        }}
      >
        <label className="field">
          <span>Tag</span>
          <input
            className="input"
            required
            value={key}
            onChange={(event) => {
              setKey(event.target.value)
            }}
          />
        </label>
        <label className="field">
          <span>Value</span>
          <input
            className="input"
            value={value}
            onChange={(event) => {
              setValue(event.target.value)
            }}
          />
        </label>
        <footer className="row" style={{ justifyContent: 'flex-end' }}>
          <button type="submit" className="button primary">
            Tag them
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
