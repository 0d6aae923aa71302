/** What a page says that has nothing to show: what this is, and how to fill it. */

import type { ReactNode } from 'react'

import { CodeBlock } from './Copy'

interface Props {
  title: string
  about: ReactNode
  /** The command that makes the first one. */
  command?: string
  /** A button that does the same. */
  action?: ReactNode
}

export function EmptyPage({ title, about, command, action }: Props) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <div className="muted">{about}</div>
      {command && <CodeBlock text={command} label="command" />}
      {action}
    </div>
  )
}
