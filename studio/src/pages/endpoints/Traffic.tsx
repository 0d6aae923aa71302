/** Shares of the traffic, to be moved by hand; nothing changes before it is applied. */

import { useState } from 'react'

import { send } from '@/api/client'
import { one } from '@/api/kinds'
import { FormTabs, quoted } from '@/parts/CommandPanel'
import { notify } from '@/parts/notices'
import { useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import { dealt, type Deployment, type Endpoint } from './parts'
import { ShareBar } from './ShareBar'

interface Props {
  endpoint: Endpoint
  deployments: Deployment[]
}

export function Traffic({ endpoint, deployments }: Props) {
  const workspace = useWorkspace()
  const names = deployments.map((one) => one.name).sort()
  const [shares, setShares] = useState<Record<string, number>>(() =>
    Object.fromEntries(names.map((name) => [name, endpoint.traffic?.[name] ?? 0])),
  )
  const before = endpoint.mirror_traffic ?? {}
  const [mirror, setMirror] = useState(() => Object.keys(before).find((name) => before[name]) ?? '')
  const [copied, setCopied] = useState(() => before[mirror] ?? 10)
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const address = one(workspace, 'online_endpoint', { name: endpoint.name })
  const body = { traffic: shares, mirror_traffic: mirror ? { [mirror]: copied } : {} }
  const changed =
    names.some((name) => (endpoint.traffic?.[name] ?? 0) !== shares[name]) ||
    (mirror ? before[mirror] !== copied : Object.values(before).some((share) => share > 0))
  const act = async (doing: () => Promise<unknown>, said: string) => {
    setBusy(true)
    setError(undefined)
    try {
      await doing()
      notify(said)
    } catch (problem) {
      setError(problem)
    }
    setBusy(false)
  }
  const words = names.map((name) => `${name}=${shares[name] ?? 0}`).join(' ')
  return (
    <section className="card" aria-label="Traffic">
      <header>
        <h2>Traffic</h2>
        <ShareBar shares={endpoint.traffic ?? {}} />
      </header>
      <div className="body stack">
        {names.map((name) => (
          <div className="traffic-row" key={name}>
            <label htmlFor={`share-${name}`} className="ellipsis">
              {name}
            </label>
            <input
              id={`share-${name}`}
              type="range"
              min={0}
              max={100}
              value={shares[name] ?? 0}
              aria-valuetext={`${shares[name] ?? 0} percent`}
              onChange={(event) => {
                setShares(dealt(shares, name, event.target.valueAsNumber))
              }}
            />
            <input
              className="input"
              type="number"
              min={0}
              max={100}
              aria-label={`Percent of ${name}`}
              value={shares[name] ?? 0}
              onChange={(event) => {
                const wish = Math.min(100, Math.max(0, Math.round(event.target.valueAsNumber || 0)))
                setShares(dealt(shares, name, wish))
              }}
            />
          </div>
        ))}
        <div className="row">
          <label htmlFor="mirror">Copy</label>
          <input
            id="mirror"
            className="input"
            style={{ width: '5rem' }}
            type="number"
            min={1}
            max={100}
            value={copied}
            disabled={!mirror}
            onChange={(event) => {
              setCopied(Math.min(100, Math.max(1, Math.round(event.target.valueAsNumber || 1))))
            }}
          />
          <span>% of requests to</span>
          <select
            className="input"
            style={{ width: 'auto' }}
            aria-label="Deployment that gets copies"
            value={mirror}
            onChange={(event) => {
              setMirror(event.target.value)
            }}
          >
            <option value="">nobody</option>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <span className="muted">whose answers are compared and never returned</span>
        </div>
        {error !== undefined && <ProblemView error={error} />}
        <div className="row">
          <button
            type="button"
            className="button primary"
            disabled={!changed || busy}
            onClick={() => void act(() => send('patch', address, { body }), 'The traffic is shared anew.')}
          >
            Apply
          </button>
          <button
            type="button"
            className="button"
            disabled={busy || !endpoint.previous_shares}
            title={
              endpoint.previous_shares
                ? `Before: ${JSON.stringify(endpoint.previous_shares.traffic)}`
                : 'The traffic was not changed yet'
            }
            onClick={() =>
              void act(() => send('post', `${address}/rollback`), 'The traffic is shared as before.')
            }
          >
            Roll back
          </button>
        </div>
        {changed && (
          <FormTabs
            cli={`zaffre online-endpoint update -n ${quoted(endpoint.name)} --traffic "${words}"`}
            sdk={`endpoint = ml.online_endpoints.get("${endpoint.name}")\nendpoint.traffic = ${JSON.stringify(shares)}\nml.online_endpoints.begin_create_or_update(endpoint).result()`}
          />
        )}
      </div>
    </section>
  )
}
