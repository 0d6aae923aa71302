/** A button that copies a text. */

import { useState } from 'react'

import { Icon } from './Icon'

export function CopyButton({
  text,
  label = 'Copy',
  bare = false,
}: {
  text: string
  label?: string
  bare?: boolean
}) {
  const [done, setDone] = useState(false)
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => {
      setDone(true)
      setTimeout(() => {
        setDone(false)
      }, 1500)
    })
  }
  return (
    <button
      type="button"
      className={bare ? 'button plain icon small' : 'button small'}
      onClick={copy}
      aria-label={bare ? label : undefined}
      title={bare ? label : undefined}
    >
      <Icon name={done ? 'check' : 'copy'} size={14} />
      {!bare && (done ? 'Copied' : label)}
      <span className="sr-only" aria-live="polite">
        {done ? 'Copied' : ''}
      </span>
    </button>
  )
}

/** Lines to copy: a command, a program. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  return (
    <figure className="code-block" aria-label={label}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
      <pre tabIndex={0}>{text}</pre>
      <CopyButton text={text} label={`Copy ${label}`} bare />
    </figure>
  )
}
