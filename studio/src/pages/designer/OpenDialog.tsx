/** Opens a pipeline: a job, a file, a text, or an empty one. */

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { listOf, rowsOf } from '@/api/queries'
import { Dialog } from '@/parts/Dialog'
import { TimeAgo } from '@/parts/format'
import { PageLink } from '@/parts/place'
import { StateBadge } from '@/parts/StateBadge'

import { EMPTY } from './source'

const SHOWN = 8

interface Props {
  workspace: string
  onClose: () => void
  onOpen: (text: string) => void
}

export function OpenDialog({ workspace, onClose, onOpen }: Props) {
  const [text, setText] = useState('')
  const jobs = rowsOf(useInfiniteQuery(listOf(workspace, 'job', { type: 'pipeline', limit: SHOWN })).data)
  return (
    <Dialog title="Open a pipeline" onClose={onClose}>
      <div className="stack">
        <label className="field">
          <span>A file</span>
          <input
            type="file"
            accept=".yml,.yaml,.json"
            onChange={(event) => {
              void event.target.files?.[0]?.text().then(onOpen)
            }}
          />
          <span className="hint">
            YAML of a pipeline, or a layout (`NAME.layout.json`) for the one that is open.
          </span>
        </label>
        <label className="field">
          <span>A text</span>
          <textarea
            className="input mono"
            rows={5}
            placeholder={'type: pipeline\njobs: ...'}
            value={text}
            onChange={(event) => {
              setText(event.target.value)
            }}
          />
        </label>
        {jobs.length > 0 && (
          <section className="field">
            <span>A job</span>
            <ul className="stack" style={{ gap: '0.25rem' }}>
              {jobs.map((job) => (
                <li key={job.name} className="row">
                  <PageLink to={['designer']} search={{ job: job.name }}>
                    {job.display_name ?? job.name}
                  </PageLink>
                  <StateBadge state={job.status} />
                  <TimeAgo at={job.creation_context.created_at} />
                </li>
              ))}
            </ul>
          </section>
        )}
      </div>
      <footer>
        <button
          type="button"
          className="button"
          onClick={() => {
            onOpen(EMPTY)
          }}
        >
          Begin an empty one
        </button>
        <button
          type="button"
          className="button primary"
          disabled={text.trim() === ''}
          onClick={() => {
            onOpen(text)
          }}
        >
          Open the text
        </button>
      </footer>
    </Dialog>
  )
}
