/** What stands around the canvas: how the run goes, the levels above, and what to do with an empty one. */

import { Icon } from '@/parts/Icon'
import { PageLink } from '@/parts/place'
import { StateBadge } from '@/parts/StateBadge'

export function RunState({
  job,
  status,
  edited,
}: {
  job: string
  status: string | undefined
  edited: boolean
}) {
  return (
    <span className="row small">
      <StateBadge state={status} />
      <PageLink to={['jobs', job]}>{job}</PageLink>
      {edited && <span className="muted">changed since</span>}
    </span>
  )
}

export function Crumbs({
  names,
  onOpen,
  readOnly,
}: {
  names: string[]
  onOpen: (at: string[]) => void
  readOnly: boolean
}) {
  if (names.length === 0) return null
  return (
    <nav aria-label="Levels">
      <ol className="crumbs">
        {['pipeline', ...names].map((name, depth) => (
          <li key={depth}>
            <button
              type="button"
              onClick={() => {
                onOpen(names.slice(0, depth))
              }}
            >
              {name}
            </button>
          </li>
        ))}
        {readOnly && (
          <li>
            <Icon name="component" size={12} /> registered: to read
          </li>
        )}
      </ol>
    </nav>
  )
}

export function Hint() {
  return (
    <div className="board-hint empty">
      <h2>Nothing is drawn yet</h2>
      <p className="muted">
        A pipeline is steps, each of which takes what others made. Choose a component on the left, drag it
        here or press Enter on it, and join outputs to inputs. Open a job or a YAML file to go on with what
        there is.
      </p>
    </div>
  )
}
