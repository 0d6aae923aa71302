/** What the tabs of an endpoint have in common. */

import type { Resource } from '@/api/kinds'

export type Endpoint = Resource<'online_endpoint'>
export type Deployment = Resource<'online_deployment'>

/** Words for what a deployment serves: its registered model, or where it came from. */
export function modelOf(deployment: Deployment): string {
  const written = deployment.model
  return shortened(
    deployment.model_version ??
      (typeof written === 'string' ? written.replace(/^azureml:/, '') : 'a model of its own'),
  )
}

/** Writes the digest of a model that is not registered by its first letters. */
export function shortened(model: string): string {
  return model.replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/, '$1…')
}

/** Deals 100 percent so that one deployment has `share`, the others what they had in proportion. */
export function dealt(shares: Record<string, number>, name: string, share: number): Record<string, number> {
  const others = Object.keys(shares).filter((one) => one !== name)
  if (others.length === 0) return { [name]: share === 0 ? 0 : 100 }
  const left = 100 - share
  const before = others.reduce((sum, one) => sum + (shares[one] ?? 0), 0)
  const parts = others.map((one) => {
    const exact = before > 0 ? ((shares[one] ?? 0) / before) * left : left / others.length
    return { one, whole: Math.floor(exact), rest: exact - Math.floor(exact) }
  })
  let missing = left - parts.reduce((sum, part) => sum + part.whole, 0)
  for (const part of [...parts].sort((a, b) => b.rest - a.rest)) {
    if (missing <= 0) break
    part.whole += 1
    missing -= 1
  }
  return { ...Object.fromEntries(parts.map((part) => [part.one, part.whole])), [name]: share }
}
