/** What is being designed: the text, where the boxes stand, and how it came to be (undo, redo). */

import { useMemo, useReducer } from 'react'

import { edited, meaning, type Edit, type Mapping } from './edit'
import type { Layout, Point } from './layout'

interface Snapshot {
  text: string
  layout: Layout
}

interface State {
  past: Snapshot[]
  now: Snapshot
  future: Snapshot[]
  /** The text as it was opened or submitted. */
  opened: string
  /** The last text that was a document: what the canvas shows while the text is none. */
  document: Mapping
  /** What the last change was about: another of the same is undone with it. */
  about: string
}

type Action =
  | { do: 'write'; text: string }
  | { do: 'edit'; edits: readonly Edit[] }
  | { do: 'move'; level: string; points: Record<string, Point> | undefined }
  | { do: 'lay'; layout: Layout }
  | { do: 'submitted' }
  | { do: 'undo' }
  | { do: 'redo' }

const MOST = 200

export function begin(text: string, layout: Layout): State {
  return {
    past: [],
    now: { text, layout },
    future: [],
    opened: text,
    document: meaning(text) ?? {},
    about: '',
  }
}

function next(state: State, now: Snapshot, about = ''): State {
  if (now.text === state.now.text && now.layout === state.now.layout) return state
  const past = about !== '' && about === state.about ? state.past : [...state.past.slice(-MOST), state.now]
  const document = now.text === state.now.text ? state.document : (meaning(now.text) ?? state.document)
  return { ...state, past, now, future: [], document, about }
}

function step(state: State, from: 'past' | 'future', to: 'past' | 'future'): State {
  const now = state[from].at(-1)
  if (!now) return state
  const left = state[from].slice(0, -1)
  const document = meaning(now.text) ?? state.document
  return { ...state, now, document, [from]: left, [to]: [...state[to], state.now], about: '' }
}

export function reduce(state: State, action: Action): State {
  const { text, layout } = state.now
  switch (action.do) {
    case 'write':
      return next(state, { text: action.text, layout }, 'text')
    case 'edit': {
      const about = action.edits.length === 1 ? (action.edits[0]?.path.join('.') ?? '') : ''
      return next(state, { text: edited(text, action.edits), layout }, about)
    }
    case 'move':
      return next(state, { text, layout: { ...layout, [action.level]: action.points ?? {} } })
    case 'lay':
      return next(state, { text, layout: action.layout })
    case 'submitted':
      return { ...state, opened: text }
    case 'undo':
      return step(state, 'past', 'future')
    case 'redo':
      return step(state, 'future', 'past')
  }
}

export function useDesign(text: string, layout: Layout) {
  const [state, act] = useReducer(reduce, undefined, () => begin(text, layout))
  return useMemo(
    () => ({
      ...state.now,
      document: state.document,
      edited: state.now.text !== state.opened,
      canUndo: state.past.length > 0,
      canRedo: state.future.length > 0,
      act,
    }),
    [state],
  )
}

export type Design = ReturnType<typeof useDesign>
