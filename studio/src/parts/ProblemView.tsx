/** An error: what went wrong, where, and what to do next. */

import { asProblem } from '@/api/problem'

import { Icon } from './Icon'

export function ProblemView({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = asProblem(error)
  return (
    <section className="problem" role="alert">
      <h2>
        <Icon name="warning" />
        {problem.message}
      </h2>
      {problem.fields.length > 1 && (
        <ul>
          {problem.fields.map((one, index) => (
            <li key={index}>
              {one.field && <code>{one.field}: </code>}
              {one.message} {one.hint}
            </li>
          ))}
        </ul>
      )}
      {problem.hint && <p>{problem.hint}</p>}
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
