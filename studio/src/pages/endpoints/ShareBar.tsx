/** How requests are shared, as one bar; each deployment keeps its colour by its place in the alphabet. */

import './endpoints.css'

const COLOURS = 8

export function colourOf(names: string[], name: string): string {
  const place = [...names].sort().indexOf(name)
  return `var(--c${(Math.max(0, place) % COLOURS) + 1})`
}

export function ShareBar({ shares }: { shares: Record<string, number> }) {
  const some = Object.entries(shares).filter(([, share]) => share > 0)
  if (some.length === 0) return <span className="muted">no traffic</span>
  const names = Object.keys(shares)
  const said = some.map(([name, share]) => `${name} ${share} %`).join(', ')
  return (
    <span className="share" title={said}>
      <span className="share-bar" aria-hidden="true">
        {some.map(([name, share]) => (
          <span key={name} style={{ width: `${share}%`, background: colourOf(names, name) }} />
        ))}
      </span>
      <span className="ellipsis">{said}</span>
    </span>
  )
}
