/** An error: what went wrong, where, and what to do next. */

import type { ReactNode } from 'react'

import { asProblem } from '@/api/problem'

import { Icon } from './Icon'

export function ProblemView({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = asProblem(error)
  return (
    <section className="problem" role="alert">
      <h2>
        <Icon name="warning" />
        <span>{told(problem.message)}</span>
      </h2>
      {problem.fields.length > 1 && (
        <ul>
          {problem.fields.map((one, index) => (
            <li key={index}>
              {one.field && <code>{one.field}: </code>}
              {told(one.message)} {told(one.hint ?? '')}
            </li>
          ))}
        </ul>
      )}
      {problem.hint && <p>{told(problem.hint)}</p>}
      {retry && (
        <div>
          <button type="button" className="button small" onClick={retry}>
            <Icon name="again" size={14} />
            Try again
          </button>
        </div>
      )}
    </section>
  )
}

/** Writes what stands between backticks as code. */
export function told(text: string): ReactNode[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))
}
