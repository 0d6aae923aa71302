/** Tabs (ARIA's pattern: arrows move, the panel follows). Which one is open belongs into the address. */

import { useId, useRef, type KeyboardEvent, type ReactNode } from 'react'

export interface Tab<T extends string> {
  id: T
  title: string
  count?: number
}

interface Props<T extends string> {
  tabs: Tab<T>[]
  open: T
  onOpen: (id: T) => void
  label: string
  children: ReactNode
}

const MOVES: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 }

export function Tabs<T extends string>({ tabs, open, onOpen, label, children }: Props<T>) {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent) => {
    const step = MOVES[event.key]
    if (!step) return
    event.preventDefault()
    const at = tabs.findIndex((tab) => tab.id === open)
    const next = tabs[(at + step + tabs.length) % tabs.length]
    if (!next) return
    onOpen(next.id)
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus()
  }
  return (
    <>
      <div className="tabs" role="tablist" aria-label={label} ref={list}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            data-tab={tab.id}
            aria-selected={tab.id === open}
            aria-controls={`${id}-panel`}
            tabIndex={tab.id === open ? 0 : -1}
            onKeyDown={move}
            onClick={() => {
              onOpen(tab.id)
            }}
          >
            {tab.title}
            {tab.count !== undefined && <span className="muted"> {tab.count}</span>}
          </button>
        ))}
      </div>
      <div className="stack" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${open}`}>
        {children}
      </div>
    </>
  )
}
