/** Dialogs, on the browser's own element: it keeps the focus inside and Escape closes it. */

import { useEffect, useId, useRef, useState, type ReactNode } from 'react'

import { Icon } from './Icon'
import { ProblemView } from './ProblemView'

interface DialogProps {
  title: string
  onClose: () => void
  wide?: boolean
  children: ReactNode
}

export function Dialog({ title, onClose, wide, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    element.current?.showModal()
  }, [])
  return (
    <dialog className={wide ? 'dialog wide' : 'dialog'} ref={element} onClose={onClose} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        <button
          type="button"
          className="button plain icon"
          aria-label="Close"
          onClick={() => element.current?.close()}
        >
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  )
}

interface ConfirmProps {
  title: string
  /** What will be lost, and what will not. */
  children: ReactNode
  /** The verb on the button: `Cancel the job`, not `OK`. */
  verb: string
  act: () => Promise<unknown>
  onClose: () => void
}

/** Asks before something is lost. */
export function ConfirmDialog({ title, children, verb, act, onClose }: ConfirmProps) {
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const go = () => {
    setBusy(true)
    act().then(onClose, (problem: unknown) => {
      setError(problem)
      setBusy(false)
    })
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="stack">
        <div>{children}</div>
        {error !== undefined && <ProblemView error={error} />}
      </div>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button danger" disabled={busy} onClick={go}>
          {verb}
        </button>
      </footer>
    </Dialog>
  )
}
