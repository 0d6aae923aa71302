/** The state of something, in colour and in words. */

import './badge.css'

const TONES: Record<string, string> = {
  completed: 'good',
  succeeded: 'good',
  ready: 'good',
  running: 'busy',
  finalizing: 'busy',
  starting: 'busy',
  preparing: 'busy',
  building: 'busy',
  updating: 'busy',
  creating: 'busy',
  deleting: 'busy',
  enabled: 'good',
  disabled: 'wait',
  stopped: 'wait',
  idle: 'wait',
  queued: 'wait',
  notstarted: 'wait',
  cancelrequested: 'warn',
  canceled: 'warn',
  degraded: 'warn',
  failed: 'bad',
  error: 'bad',
}
const MOVING = new Set(['busy'])

/** Writes a state as words: `CancelRequested` becomes `Cancel requested`. */
export function stateWords(state: string): string {
  const spaced = state.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/_/g, ' ')
  return spaced.charAt(0).toUpperCase() + spaced.slice(1).toLowerCase()
}

export function toneOf(state: string): string {
  return TONES[state.toLowerCase().replace(/[_ ]/g, '')] ?? 'plain'
}

export function StateBadge({ state, title }: { state: string | undefined; title?: string }) {
  if (!state) return null
  const tone = toneOf(state)
  return (
    <span className="badge" data-tone={tone} title={title}>
      <span className={MOVING.has(tone) ? 'badge-dot pulse' : 'badge-dot'} aria-hidden="true" />
      {stateWords(state)}
    </span>
  )
}

export function Tag({ children, title }: { children: React.ReactNode; title?: string }) {
  return (
    <span className="badge" data-tone="plain" title={title}>
      {children}
    </span>
  )
}
