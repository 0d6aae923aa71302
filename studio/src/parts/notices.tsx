/** Short notices of what was done, at the edge of the page. */

import { useSyncExternalStore } from 'react'

interface Notice {
  id: number
  text: string
  tone: 'good' | 'bad'
}

const SECONDS = 6
let notices: Notice[] = []
let last = 0
const listeners = new Set<() => void>()

function change(after: Notice[]) {
  notices = after
  for (const one of listeners) one()
}

/** Tells the person something for some seconds. */
export function notify(text: string, tone: Notice['tone'] = 'good'): void {
  last += 1
  const notice = { id: last, text, tone }
  change([...notices.slice(-3), notice])
  setTimeout(() => {
    change(notices.filter((one) => one.id !== notice.id))
  }, SECONDS * 1000)
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices)
  return (
    <div className="toast-area" role="status" aria-live="polite">
      {shown.map((one) => (
        <div key={one.id} className="toast" data-tone={one.tone}>
          {one.text}
        </div>
      ))}
    </div>
  )
}
