/** One component: what it takes and gives, what it runs, and its code. */

import type { Resource } from '@/api/kinds'
import { CodeBlock } from '@/parts/Copy'
import { EmptyPage } from '@/parts/EmptyPage'
import { TreeFiles } from '@/parts/Files'
import { TimeAgo } from '@/parts/format'
import { Icon } from '@/parts/Icon'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink } from '@/parts/place'
import { Marks, ResourcePage } from '@/parts/ResourcePage'
import { Tag } from '@/parts/StateBadge'

type Component = Resource<'component'>

interface Port {
  type?: string
  default?: unknown
  optional?: boolean
  min?: number | null
  max?: number | null
  enum?: unknown[] | null
  description?: string | null
}

/** What a component of any type may have. */
interface Parts {
  display_name?: string | null
  command?: string
  code?: string | null
  environment?: unknown
  is_deterministic?: boolean
  task?: { code?: string | null; entry_script?: string | null; environment?: unknown } | null
  inputs?: Record<string, Port>
  outputs?: Record<string, Port>
  jobs?: Record<
    string,
    { component?: { name?: string; version?: string } | string | null; command?: string | null }
  >
}

function partsOf(component: Component): Parts {
  return component as unknown as Parts
}

function allowed(port: Port): string {
  const words = []
  if (port.min !== undefined && port.min !== null) words.push(`at least ${port.min}`)
  if (port.max !== undefined && port.max !== null) words.push(`at most ${port.max}`)
  if (port.enum) words.push(port.enum.map(String).join(', '))
  return words.join(', ')
}

function Ports({ title, ports, gives }: { title: string; ports: Record<string, Port>; gives?: boolean }) {
  const names = Object.keys(ports)
  return (
    <section className="card">
      <header>
        <h2>{title}</h2>
      </header>
      {names.length === 0 ? (
        <p className="body muted">None.</p>
      ) : (
        <div className="scroll-x">
          <table className="plain-table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Type</th>
                {!gives && <th scope="col">Default</th>}
                {!gives && <th scope="col">Allowed</th>}
                <th scope="col">About</th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(ports).map(([name, port]) => (
                <tr key={name}>
                  <td>
                    {name} {port.optional && <Tag>optional</Tag>}
                  </td>
                  <td>
                    <code>{port.type ?? 'uri_folder'}</code>
                  </td>
                  {!gives && (
                    <td>{port.default === undefined || port.default === null ? '' : String(port.default)}</td>
                  )}
                  {!gives && <td>{allowed(port)}</td>}
                  <td>{port.description}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

/** Writes an environment on a line: its name, or what it is made of. */
function environmentText(environment: unknown): string {
  if (typeof environment !== 'object' || environment === null) return String(environment)
  const said = Object.entries(environment).filter(
    ([, value]) =>
      value !== null && !(typeof value === 'object' && Object.keys(value as object).length === 0),
  )
  return said
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}

function Overview({ component }: { component: Component }) {
  const parts = partsOf(component)
  const environment = parts.environment ?? parts.task?.environment
  return (
    <>
      <section className="card">
        <div className="body">
          <KeyValue
            facts={[
              ['Type', component.type],
              ['Display name', parts.display_name],
              ['Environment', environment ? <code key="e">{environmentText(environment)}</code> : ''],
              [
                'Reused',
                parts.is_deterministic === false
                  ? 'never: it is not deterministic'
                  : 'when nothing that it needs has changed',
              ],
              ['Made', <TimeAgo key="t" at={component.creation_context.created_at} />],
              ['By', component.creation_context.created_by],
              ['Tags', <Marks key="m" resource={component} />],
            ]}
          />
        </div>
      </section>
      <Ports title="Inputs" ports={parts.inputs ?? {}} />
      <Ports title="Outputs" ports={parts.outputs ?? {}} gives />
    </>
  )
}

function Source({ component }: { component: Component }) {
  const parts = partsOf(component)
  const tree = /sha256:[0-9a-f]{64}/.exec(parts.code ?? parts.task?.code ?? '')?.[0]
  const steps = Object.entries(parts.jobs ?? {})
  if (!parts.command && !tree && steps.length === 0)
    return (
      <EmptyPage title="It has no code of its own" about="What it runs is in its definition: see JSON." />
    )
  return (
    <>
      {parts.command && <CodeBlock text={parts.command} label="command" />}
      {parts.task?.entry_script && (
        <p>
          Script: <code>{parts.task.entry_script}</code>
        </p>
      )}
      {steps.length > 0 && (
        <section className="card">
          <header>
            <h2>Steps</h2>
          </header>
          <ul className="body stack">
            {steps.map(([name, step]) => (
              <li key={name} className="row">
                <strong>{name}</strong>
                <StepOf step={step} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {tree && <TreeFiles digest={tree} />}
    </>
  )
}

function StepOf({ step }: { step: NonNullable<Parts['jobs']>[string] }) {
  const { component } = step
  if (component && typeof component === 'object' && component.name && component.version)
    return (
      <PageLink to={['components', component.name]} search={{ version: component.version }}>
        {component.name}:{component.version}
      </PageLink>
    )
  return <code className="ellipsis">{typeof component === 'string' ? component : (step.command ?? '')}</code>
}

export default function ComponentPage() {
  return (
    <ResourcePage
      kind="component"
      noun="component"
      attribute="components"
      versioned
      list={{ title: 'Components', to: ['components'] }}
      lost="This version goes. Pipelines that ran with it keep what they ran; steps that name it find it no more."
      beside={(component) => <Tag>{component.type}</Tag>}
      actions={(component) => (
        <PageLink
          to={['designer']}
          search={{ component: component.name, version: component.version }}
          className="button primary"
        >
          <Icon name="designer" />
          Draw with it
        </PageLink>
      )}
      tabs={[
        { id: 'overview', title: 'Overview', show: (one) => <Overview component={one} /> },
        { id: 'source', title: 'Source', show: (one) => <Source component={one} /> },
      ]}
    />
  )
}
