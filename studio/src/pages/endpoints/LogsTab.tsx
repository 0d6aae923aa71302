/** What the scoring script of a deployment wrote, and pairs of mirrored answers. */

import { useQuery } from '@tanstack/react-query'

import { readText } from '@/api/client'
import { one } from '@/api/kinds'
import { EmptyPage } from '@/parts/EmptyPage'
import { LogView } from '@/parts/LogView'
import { useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import type { Deployment, Endpoint } from './parts'

const LINES = 2000

interface Props {
  endpoint: Endpoint
  deployments: Deployment[]
}

export function LogsTab({ endpoint, deployments }: Props) {
  const workspace = useWorkspace()
  const [view, setView] = useView<{ of: string; mirrored: boolean }>({ of: '', mirrored: false })
  const name = view.of || (deployments[0]?.name ?? '')
  const place = { name, parent: endpoint.name }
  const url = `${one(workspace, 'online_deployment', place)}/logs?lines=${LINES}&mirrored=${view.mirrored}`
  const log = useQuery({
    queryKey: [workspace, 'online_deployment', 'one', name, endpoint.name, 'logs', view.mirrored],
    queryFn: ({ signal }) => readText(url, signal),
    enabled: name !== '',
  })
  if (!name)
    return (
      <div className="card">
        <EmptyPage
          title="No log yet"
          about="What scoring scripts write stands here, once there is a deployment."
        />
      </div>
    )
  return (
    <>
      <div className="row">
        <select
          className="input"
          style={{ width: 'auto' }}
          aria-label="Deployment"
          value={name}
          onChange={(event) => {
            setView({ of: event.target.value })
          }}
        >
          {deployments.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
        <label className="row">
          <input
            type="checkbox"
            checked={view.mirrored}
            onChange={(event) => {
              setView({ mirrored: event.target.checked })
            }}
          />
          mirrored answers
        </label>
        <button type="button" className="button" onClick={() => void log.refetch()}>
          Read again
        </button>
        <span className="muted small">the last {LINES} lines</span>
      </div>
      {log.error ? (
        <ProblemView error={log.error} retry={() => void log.refetch()} />
      ) : log.data === '' ? (
        <p className="muted">Nothing was written yet.</p>
      ) : (
        <LogView text={log.data ?? ''} href={url} fileName={`${endpoint.name}-${name}.log`} />
      )}
    </>
  )
}
