/** Keys: Ctrl-K and / find, ? helps, g and a letter goes. */

import { useEffect, useRef } from 'react'

import { Dialog } from '@/parts/Dialog'
import { useGo } from '@/parts/place'

export const GOING: Record<string, [path: string, title: string]> = {
  h: ['', 'Home'],
  j: ['jobs', 'Jobs'],
  d: ['data', 'Data'],
  m: ['models', 'Models'],
  e: ['endpoints', 'Endpoints'],
  p: ['pipelines', 'Pipelines'],
}

interface Acts {
  find: () => void
  help: () => void
}

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

export function useKeys({ find, help }: Acts): void {
  const go = useGo()
  const acts = useRef({ find, help, go })
  useEffect(() => {
    acts.current = { find, help, go }
  })
  useEffect(() => {
    let going = false
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault()
        acts.current.find()
        return
      }
      if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return
      const place = going ? GOING[event.key] : undefined
      going = event.key === 'g'
      if (place) acts.current.go(place[0] ? [place[0]] : [])
      else if (event.key === '?') acts.current.help()
      else if (event.key === '/') {
        event.preventDefault()
        const search = document.querySelector<HTMLElement>('main input[type="search"]')
        if (search) search.focus()
        else acts.current.find()
      }
    }
    document.addEventListener('keydown', press)
    return () => {
      document.removeEventListener('keydown', press)
    }
  }, [])
}

const KEYS: [string, string][] = [
  ['Ctrl K', 'Find pages, jobs, data and models'],
  ['/', 'Search on this page'],
  ['?', 'This help'],
  ['↑ ↓', 'Move between the rows of a table'],
  ['← →', 'Move between tabs'],
  ['Esc', 'Close what is open'],
]

export function Help({ onClose }: { onClose: () => void }) {
  const going = Object.entries(GOING).map(([key, [, title]]): [string, string] => [
    `g ${key}`,
    `Go to ${title}`,
  ])
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="help-keys">
        {[...KEYS, ...going].map(([key, about]) => (
          <div key={key} style={{ display: 'contents' }}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{about}</dd>
          </div>
        ))}
      </dl>
      <p className="muted small" style={{ marginTop: '1rem' }}>
        Everything here can be done at the command line too: every page says how under “Show as…”.
      </p>
    </Dialog>
  )
}
