/** Keys on the canvas: take out, undo, redo, copy, cut, paste, select all. (Arrows move: the canvas does that.) */

import type { KeyboardEvent } from 'react'
import { stringify } from 'yaml'

import { notify } from '@/parts/notices'
import { remember, remembered } from '@/parts/place'

import { pasted } from './changes'
import { isMapping, within, type Edit, type Mapping } from './edit'
import type { Drawing, Level } from './graph'
import type { Design } from './useDesign'

interface Acting {
  workspace: string
  design: Design
  level: Level
  drawing: Drawing
  selected: ReadonlySet<string>
  onEdit: (edits: Edit[]) => void
  onSelect: (ids: ReadonlySet<string>) => void
  onRemove: (ids: ReadonlySet<string>) => void
}

const CLIPBOARD = 'copied-steps'

export function useKeys({ design, level, drawing, selected, onEdit, onSelect, onRemove }: Acting) {
  const copy = () => {
    const steps = drawing.boxes
      .filter((box) => box.kind === 'step' && selected.has(box.id))
      .map((box) => box.name)
    if (steps.length === 0) return false
    const jobs = Object.fromEntries(steps.map((name) => [name, within(level.body, 'jobs', name)]))
    remember(CLIPBOARD, JSON.stringify(jobs))
    void navigator.clipboard.writeText(stringify({ jobs }, { lineWidth: 0 })).catch(() => undefined)
    notify(steps.length === 1 ? `Copied \`${steps[0] ?? ''}\`.` : `Copied ${steps.length} steps.`)
    return true
  }
  const paste = () => {
    const value: unknown = JSON.parse(remembered(CLIPBOARD) ?? '{}')
    const steps = pasted((isMapping(value) ? value : {}) as Record<string, Mapping>, level.body)
    const names = Object.keys(steps)
    onEdit(names.map((name) => ({ path: [...level.path, 'jobs', name], value: steps[name] })))
    if (names.length > 0) onSelect(new Set(names.map((name) => `step:${name}`)))
  }
  const actions: Record<string, () => void> = {
    z: () => {
      design.act({ do: 'undo' })
    },
    Z: () => {
      design.act({ do: 'redo' })
    },
    y: () => {
      design.act({ do: 'redo' })
    },
    c: copy,
    x: () => {
      if (copy()) onRemove(selected)
    },
    v: paste,
    a: () => {
      onSelect(new Set(drawing.boxes.map((box) => box.id)))
    },
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (isWriting(event.target)) return
    if (event.key === 'Delete' || event.key === 'Backspace') onRemove(selected)
    const act = event.ctrlKey || event.metaKey ? actions[event.key] : undefined
    if (!act) return
    event.preventDefault()
    act()
  }
  return { onKeyDown }
}

function isWriting(target: EventTarget): boolean {
  return (
    target instanceof HTMLElement &&
    (['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) ||
      target.isContentEditable ||
      target.shadowRoot !== null)
  )
}
