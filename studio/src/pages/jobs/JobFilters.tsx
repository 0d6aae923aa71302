/** What jobs are looked for by, and views of them that were saved. */

import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { experimentsOf } from '@/api/mlflow'
import type { Problem } from '@/api/problem'
import { Icon } from '@/parts/Icon'
import { Menu } from '@/parts/Menu'
import { remember, remembered, useWorkspace } from '@/parts/place'
import { stateWords } from '@/parts/StateBadge'

import type { Job } from './job'

export type JobsView = {
  q: string
  filter: string
  state: string
  experiment: string
  sort: string
  down: boolean
  archived: boolean
  /** The dialog for a new job is open. */
  new: boolean
}

export const STANDARD: JobsView = {
  q: '',
  filter: '',
  state: '',
  experiment: '',
  sort: '',
  down: false,
  archived: false,
  new: false,
}

const STATES = ['Queued', 'Preparing', 'Running', 'Completed', 'Failed', 'Canceled']
const TYPING_MS = 300

interface Props {
  view: JobsView
  set: (part: Partial<JobsView>) => void
  rows: Job[]
  problem?: Problem
}

export function JobFilters({ view, set, rows, problem }: Props) {
  const workspace = useWorkspace()
  const experiments = useQuery(experimentsOf(workspace))
  return (
    <div className="stack" style={{ gap: '0.4rem' }}>
      <div className="row filters" role="search">
        <Typed
          label="Search jobs by name"
          placeholder="Search by name or id"
          value={view.q}
          onChange={(q) => {
            set({ q })
          }}
        />
        <select
          className="input"
          aria-label="State"
          value={view.state}
          onChange={(event) => {
            set({ state: event.target.value })
          }}
        >
          <option value="">Any state</option>
          {STATES.map((state) => (
            <option key={state} value={state}>
              {stateWords(state)}
            </option>
          ))}
        </select>
        <select
          className="input"
          aria-label="Experiment"
          value={view.experiment}
          onChange={(event) => {
            set({ experiment: event.target.value })
          }}
        >
          <option value="">Any experiment</option>
          {[...new Set([...(view.experiment ? [view.experiment] : []), ...(experiments.data ?? [])])].map(
            (name) => (
              <option key={name}>{name}</option>
            ),
          )}
        </select>
        <Typed
          label="Filter by what was logged"
          placeholder="metrics.loss < 0.1 and params.alpha = '0.5'"
          value={view.filter}
          wide
          words={wordsOf(rows)}
          onChange={(filter) => {
            set({ filter })
          }}
        />
        <SavedViews view={view} set={set} />
      </div>
      {problem && problem.status === 422 && (
        <p className="small" role="alert" style={{ color: 'var(--bad)' }}>
          {problem.message} {problem.hint}
        </p>
      )}
    </div>
  )
}

/** Gives the words that a filter may begin with, from the rows that are there. */
function wordsOf(rows: Job[]): string[] {
  const quotedKey = (key: string) => (/^[\w.]+$/.test(key) ? key : `\`${key}\``)
  const metrics = rows.flatMap((job) =>
    Object.keys(job.metrics ?? {}).map((key) => `metrics.${quotedKey(key)} < `),
  )
  const tags = rows.flatMap((job) => Object.keys(job.tags).map((key) => `tags.${quotedKey(key)} = ''`))
  return [...new Set([...metrics, ...tags])].sort().slice(0, 200)
}

interface TypedProps {
  label: string
  placeholder: string
  value: string
  wide?: boolean
  words?: string[]
  onChange: (value: string) => void
}

/** A field whose value is taken when typing rests. */
function Typed({ label, placeholder, value, wide, words, onChange }: TypedProps) {
  const [text, setText] = useState(value)
  const [known, setKnown] = useState(value)
  if (known !== value) {
    setKnown(value)
    setText(value)
  }
  useEffect(() => {
    if (text === value) return
    const waiting = setTimeout(() => {
      onChange(text)
    }, TYPING_MS)
    return () => {
      clearTimeout(waiting)
    }
  })
  const id = `words-${label.replace(/\W+/g, '-')}`
  return (
    <>
      <input
        className={wide ? 'input mono wide' : 'input'}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        list={words ? id : undefined}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
        }}
      />
      {words && (
        <datalist id={id}>
          {words.map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
      )}
    </>
  )
}

function SavedViews({ view, set }: Pick<Props, 'view' | 'set'>) {
  const [saved, setSaved] = useState<Record<string, JobsView>>(
    () => JSON.parse(remembered('views.jobs') ?? '{}') as Record<string, JobsView>,
  )
  const [name, setName] = useState('')
  const keep = (after: Record<string, JobsView>) => {
    setSaved(after)
    remember('views.jobs', JSON.stringify(after))
  }
  return (
    <Menu label="Views" icon="star" stays>
      {Object.entries(saved).map(([title, kept]) => (
        <span key={title} className="row" style={{ flexWrap: 'nowrap' }}>
          <button
            type="button"
            onClick={() => {
              set({ ...STANDARD, ...kept })
            }}
          >
            {title}
          </button>
          <button
            type="button"
            className="button plain icon small"
            style={{ width: '2rem' }}
            aria-label={`Forget ${title}`}
            onClick={() => {
              keep(Object.fromEntries(Object.entries(saved).filter(([one]) => one !== title)))
            }}
          >
            <Icon name="close" size={12} />
          </button>
        </span>
      ))}
      <button
        type="button"
        onClick={() => {
          set({ archived: !view.archived })
        }}
      >
        {view.archived ? 'Leave archived jobs out' : 'List archived jobs too'}
      </button>
      <button
        type="button"
        onClick={() => {
          set(STANDARD)
        }}
      >
        Show everything
      </button>
      <form
        className="row"
        style={{ padding: '0.4rem 0.6rem', flexWrap: 'nowrap' }}
        onSubmit={(event) => {
          event.preventDefault()
          if (name) keep({ ...saved, [name]: view })
          setName('')
        }}
      >
        <input
          className="input"
          aria-label="Name of this view"
          placeholder="Keep this view as…"
          value={name}
          onChange={(event) => {
            setName(event.target.value)
          }}
        />
        <button type="submit" className="button small primary" style={{ width: 'auto' }}>
          Keep
        </button>
      </form>
    </Menu>
  )
}
