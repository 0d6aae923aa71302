/** A trigger in words. */

interface Trigger {
  type?: string
  expression?: string | null
  frequency?: string | null
  interval?: number | null
  time_zone?: string | null
  path?: string | null
}

export function triggerWords(trigger: unknown): string {
  const given = trigger as Trigger
  const zone = given.time_zone ? ` (${given.time_zone})` : ''
  if (given.type === 'cron') return `${given.expression ?? ''}${zone}`
  if (given.type === 'data') return `new data at ${given.path ?? ''}`
  const interval = given.interval ?? 1
  const frequency = given.frequency ?? ''
  return interval === 1 ? `every ${frequency}${zone}` : `every ${interval} ${frequency}s${zone}`
}
