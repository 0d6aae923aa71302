/** One view: a look-up by key and moment, what it is made of, its batches. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { address, send } from '@/api/client'
import { one, type Resource } from '@/api/kinds'
import { ActButton } from '@/parts/ActButton'
import { CodeBlock } from '@/parts/Copy'
import { numeral, TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { Marks, ResourcePage } from '@/parts/ResourcePage'
import { StateBadge } from '@/parts/StateBadge'

type View = Resource<'prediction_view'>

function Overview({ view }: { view: View }) {
  return (
    <div className="grid">
      <LookUp view={view} />
      <section className="card">
        <div className="body">
          <KeyValue
            facts={[
              ['Key', view.entity_key],
              ['Event time', view.event_time],
              ['Prediction', view.prediction_column],
              [
                'Hot from',
                view.online_endpoint && (
                  <PageLink to={['endpoints', view.online_endpoint]}>{view.online_endpoint}</PageLink>
                ),
              ],
              ['Hot rows', numeral(view.hot_rows)],
              ['Not taken in', view.hot_unread ? `${view.hot_unread}: ${view.hot_unread_why ?? ''}` : 0],
              [
                'Cold from',
                view.batch_endpoint && (
                  <PageLink to={['batch-endpoints', view.batch_endpoint]}>{view.batch_endpoint}</PageLink>
                ),
              ],
              [
                'Batch job',
                view.batch_job && <PageLink to={['jobs', view.batch_job]}>{view.batch_job}</PageLink>,
              ],
              ['Batch rows', numeral(view.batch_rows)],
              ['Batch up to', <TimeAgo key="w" at={view.watermark} />],
              ['Tags', <Marks key="m" resource={view} />],
            ]}
          />
        </div>
      </section>
    </div>
  )
}

function LookUp({ view }: { view: View }) {
  const [key, setKey] = useState('')
  const [at, setAt] = useState('')
  const [asked, setAsked] = useState<{ key: string; at: string }>()
  const found = useQuery({
    queryKey: [view.workspace, 'prediction_view', 'one', view.name, 'look', asked],
    queryFn: ({ signal }) => {
      const place = one(view.workspace, 'prediction_view', { name: view.name }, 'keys')
      return send('get', address(`${place}/${encodeURIComponent(asked?.key ?? '')}`, {}, { at: asked?.at }), {
        signal,
      })
    },
    enabled: asked !== undefined,
    retry: false,
  })
  return (
    <form
      className="card"
      onSubmit={(event) => {
        event.preventDefault()
        setAsked({ key, at })
      }}
    >
      <header>
        <h2>Look up</h2>
      </header>
      <div className="body stack">
        <label className="field">
          {view.entity_key}
          <input
            className="input"
            required
            value={key}
            onChange={(event) => {
              setKey(event.target.value)
            }}
          />
        </label>
        <label className="field">
          As of
          <input
            className="input"
            placeholder="now, or 2026-01-31T12:00:00Z"
            value={at}
            onChange={(event) => {
              setAt(event.target.value)
            }}
          />
        </label>
        <div>
          <button type="submit" className="button primary">
            Look up
          </button>
        </div>
        {found.error && <ProblemView error={found.error} />}
        {found.data !== undefined && (
          <CodeBlock label="prediction" text={JSON.stringify(found.data, null, 2)} />
        )}
      </div>
    </form>
  )
}

interface Predictions {
  items: Record<string, unknown>[]
}

function Predicted({ view }: { view: View }) {
  const found = useQuery({
    queryKey: [view.workspace, 'prediction_view', 'one', view.name, 'predictions'],
    queryFn: async ({ signal }) => {
      const place = one(view.workspace, 'prediction_view', { name: view.name }, 'predictions')
      return (await send('get', `${place}?limit=200`, { signal })) as Predictions
    },
  })
  if (found.error) return <ProblemView error={found.error} />
  const items = found.data?.items ?? []
  const columns = [...new Set(items.flatMap((item) => Object.keys(item)))]
  if (found.data && items.length === 0)
    return <p className="muted">No prediction counts yet: refresh the view, or let its endpoint answer.</p>
  return (
    <div className="card scroll-x">
      <table className="plain-table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column.replace(/_/g, ' ')}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item, index) => (
            <tr key={index}>
              {columns.map((column) => (
                <td key={column} className="number">
                  {written(item[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function written(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value)
}

function Batches({ view }: { view: View }) {
  const loads = view.loads ?? []
  if (loads.length === 0) return <p className="muted">No batch was loaded yet.</p>
  return (
    <div className="card scroll-x">
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Asked</th>
            <th scope="col">Rows</th>
            <th scope="col">Error</th>
          </tr>
        </thead>
        <tbody>
          {loads.map((load) => (
            <tr key={load.job + load.asked_at}>
              <td>
                <PageLink to={['jobs', load.job]}>{load.job}</PageLink>
              </td>
              <td>
                <StateBadge state={load.state} />
              </td>
              <td>
                <TimeAgo at={load.asked_at} />
              </td>
              <td>{numeral(load.rows)}</td>
              <td>{load.error}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export default function ViewPage() {
  return (
    <ResourcePage
      kind="prediction_view"
      noun="prediction-view"
      attribute="prediction_views"
      list={{ title: 'Prediction views', to: ['views'] }}
      lost="Its predictions go; the endpoints, jobs and outputs that they came of stay, so that it can be made again."
      beside={(view) => <StateBadge state={view.provisioning_state} />}
      actions={(view) => (
        <ActButton
          primary
          disabled={!view.batch_endpoint}
          title={view.batch_endpoint ? undefined : 'It has no batch endpoint'}
          act={() => send('post', one(view.workspace, 'prediction_view', { name: view.name }, 'refresh'))}
          done="A batch over history was started."
        >
          Refresh
        </ActButton>
      )}
      tabs={[
        { id: 'overview', title: 'Overview', show: (one) => <Overview view={one} /> },
        { id: 'predictions', title: 'Predictions', show: (one) => <Predicted view={one} /> },
        { id: 'batches', title: 'Batches', show: (one) => <Batches view={one} /> },
      ]}
    />
  )
}
