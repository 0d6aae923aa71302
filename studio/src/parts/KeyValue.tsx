/** Facts, one a line; those without a value are left out. */

import type { ReactNode } from 'react'

export function KeyValue({ facts }: { facts: [name: string, value: ReactNode][] }) {
  const known = facts.filter(
    ([, value]) => value !== undefined && value !== null && value !== '' && value !== false,
  )
  return (
    <dl className="key-values">
      {known.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
