/** A form to try an endpoint: a request in, its answer, time and id out. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { problemOf } from '@/api/problem'
import { send } from '@/api/client'
import { one } from '@/api/kinds'
import { FormTabs, quoted } from '@/parts/CommandPanel'
import { EmptyPage } from '@/parts/EmptyPage'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink, useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { StateBadge } from '@/parts/StateBadge'

import { shortened, type Deployment, type Endpoint } from './parts'
import { sampleOfDocument, tableOf, withCell } from './sample'

interface Answered {
  status: number
  text: string
  seconds: number
  request: string
  deployment: string
  model: string
}

interface Props {
  endpoint: Endpoint
  deployments: Deployment[]
}

export function TestTab({ endpoint, deployments }: Props) {
  const workspace = useWorkspace()
  const [view, setView] = useView({ to: '' })
  const address = one(workspace, 'online_endpoint', { name: endpoint.name })
  const serving = deployments.some((one) => one.ready_instances > 0 || one.wanted_instances === 0)
  const described = useQuery({
    queryKey: [workspace, 'online_endpoint', 'one', endpoint.name, 'swagger', view.to],
    queryFn: ({ signal }) =>
      send('get', `${address}/swagger.json?deployment_name=${encodeURIComponent(view.to)}`, { signal }),
    enabled: serving,
    retry: false,
  })
  const [written, setWritten] = useState<string>()
  const [answer, setAnswer] = useState<Answered>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const text = written ?? JSON.stringify(sampleOfDocument(described.data), null, 2)
  if (!serving)
    return (
      <div className="card">
        <EmptyPage
          title="Nothing answers yet"
          about="When a deployment is ready, its requests can be tried here, with a sample of what it takes."
        />
      </div>
    )
  const ask = async () => {
    setBusy(true)
    setError(undefined)
    try {
      setAnswer(await asked(address, text, view.to))
    } catch (problem) {
      setError(problem)
    }
    setBusy(false)
  }
  const shortened = JSON.stringify(safely(text))
  return (
    <div className="test-panes">
      <form
        className="card"
        onSubmit={(event) => {
          event.preventDefault()
          void ask()
        }}
      >
        <header>
          <h2>Request</h2>
          <select
            className="input"
            style={{ width: 'auto' }}
            aria-label="Who answers"
            value={view.to}
            onChange={(event) => {
              setView({ to: event.target.value })
            }}
          >
            <option value="">by traffic</option>
            {deployments.map((one) => (
              <option key={one.name}>{one.name}</option>
            ))}
          </select>
        </header>
        <div className="body stack">
          <Rows text={text} onChange={setWritten} />
          <textarea
            className="input"
            aria-label="Body of the request"
            spellCheck={false}
            value={text}
            onChange={(event) => {
              setWritten(event.target.value)
            }}
          />
          <div className="row">
            <button type="submit" className="button primary" disabled={busy}>
              {busy ? 'Asking…' : 'Send'}
            </button>
            <button
              type="button"
              className="button"
              disabled={written === undefined}
              onClick={() => {
                setWritten(undefined)
              }}
            >
              Sample again
            </button>
          </div>
        </div>
      </form>
      <section className="card" aria-label="Answer" aria-live="polite">
        <header>
          <h2>Answer</h2>
          {answer && <StateBadge state={answer.status < 400 ? 'Succeeded' : 'Failed'} />}
        </header>
        <div className="body stack">
          {error !== undefined && <ProblemView error={error} />}
          {!answer && error === undefined && (
            <p className="muted">Send the request: its answer stands here.</p>
          )}
          {answer && <Reply answer={answer} />}
          <FormTabs
            cli={`echo ${quoted(shortened)} > request.json\nzaffre online-endpoint invoke -n ${quoted(endpoint.name)} --request-file request.json${view.to ? ` --deployment-name ${quoted(view.to)}` : ''}`}
            sdk={`import json\n\nbody = json.loads(${JSON.stringify(shortened)})\nprint(ml.online_endpoints.invoke("${endpoint.name}", input_data=body${view.to ? `, deployment_name="${view.to}"` : ''}))`}
          />
        </div>
      </section>
    </div>
  )
}

function Reply({ answer }: { answer: Answered }) {
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
      <pre className="answer" tabIndex={0}>
        {pretty(answer.text)}
      </pre>
      <KeyValue
        facts={[
          ['Status', answer.status],
          ['Time', `${(answer.seconds * 1000).toFixed(1)} ms`],
          ['Deployment', answer.deployment],
          ['Model', shortened(answer.model)],
          [
            'Request',
            answer.request && (
              <PageLink to={['lineage']} search={{ request: answer.request }}>
                <code>{answer.request}</code>
              </PageLink>
            ),
          ],
        ]}
      />
    </>
  )
}

function Rows({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const table = tableOf(text)
  if (!table || table.data.length > 20 || table.columns.length > 60) return null
  return (
    <div className="scroll-x">
      <table className="plain-table">
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.data.map((cells, row) => (
            <tr key={row}>
              {table.columns.map((column, at) => (
                <td key={column}>
                  <input
                    className="input"
                    style={{ minWidth: '5rem' }}
                    aria-label={`${column} of row ${row + 1}`}
                    value={cellText(cells[at])}
                    onChange={(event) => {
                      onChange(withCell(text, row, at, event.target.value))
                    }}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return ''
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell as string | number | boolean)
}

async function asked(address: string, body: string, deployment: string): Promise<Answered> {
  const answer = await fetch(`${address}/invoke`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(deployment ? { 'azureml-model-deployment': deployment } : {}),
    },
    body,
  })
  if (!answer.ok) throw await problemOf(answer)
  const header = (name: string) => answer.headers.get(`x-endpoint-${name}`) ?? ''
  return {
    status: Number(header('status')),
    text: await answer.text(),
    seconds: Number(answer.headers.get('x-seconds')),
    request: header('request-id'),
    deployment: header('azureml-model-deployment'),
    model: header('zaffre-model'),
  }
}

function safely(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function pretty(text: string): string {
  const read = safely(text)
  return typeof read === 'string' ? text : JSON.stringify(read, null, 2)
}
