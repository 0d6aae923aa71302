/** One endpoint: its deployments and traffic, a form to try it, how to call it, its logs and its load. */

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { send } from '@/api/client'
import { one } from '@/api/kinds'
import { listOf, oneOf, rowsOf } from '@/api/queries'
import { CommandPanel, program, quoted } from '@/parts/CommandPanel'
import { ConfirmDialog } from '@/parts/Dialog'
import { PageHeader } from '@/parts/PageHeader'
import { useGo, useParam, useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { StateBadge } from '@/parts/StateBadge'
import { Tabs, type Tab } from '@/parts/Tabs'

import { ConsumeTab } from './ConsumeTab'
import { Deploy } from './Deploy'
import { LogsTab } from './LogsTab'
import { MonitorTab } from './MonitorTab'
import { OverviewTab } from './OverviewTab'
import { TestTab } from './TestTab'
import type { Deployment, Endpoint } from './parts'

type TabId = 'overview' | 'test' | 'consume' | 'logs' | 'monitor'

const TABS: Tab<TabId>[] = [
  { id: 'overview', title: 'Deployments' },
  { id: 'test', title: 'Test' },
  { id: 'consume', title: 'Consume' },
  { id: 'logs', title: 'Logs' },
  { id: 'monitor', title: 'Monitor' },
]

export default function EndpointPage() {
  const workspace = useWorkspace()
  const name = useParam('name')
  const [view, setView] = useView<{ tab: TabId }>({ tab: 'overview' })
  const endpoint = useQuery(oneOf(workspace, 'online_endpoint', { name }))
  const deployments = useInfiniteQuery(listOf(workspace, 'online_deployment', {}, name))
  if (endpoint.error) return <ProblemView error={endpoint.error} retry={() => void endpoint.refetch()} />
  if (!endpoint.data) return <p className="muted">Reading…</p>
  return (
    <div className="stack">
      <Head endpoint={endpoint.data} />
      <Tabs
        label="Endpoint"
        tabs={TABS}
        open={view.tab}
        onOpen={(tab) => {
          setView({ tab })
        }}
      >
        <Panel tab={view.tab} endpoint={endpoint.data} deployments={rowsOf(deployments.data)} />
      </Tabs>
    </div>
  )
}

function Head({ endpoint }: { endpoint: Endpoint }) {
  const workspace = useWorkspace()
  const go = useGo()
  const [open, setOpen] = useState<'deploy' | 'delete'>()
  const close = () => {
    setOpen(undefined)
  }
  const { name } = endpoint
  return (
    <PageHeader
      title={name}
      beside={<StateBadge state={endpoint.provisioning_state} />}
      about={endpoint.description ?? undefined}
      crumbs={[{ title: 'Real-time endpoints', to: ['endpoints'] }]}
    >
      <CommandPanel
        cli={`zaffre online-endpoint show -n ${quoted(name)}`}
        sdk={program(`print(ml.online_endpoints.get("${name}"))`)}
        yaml={`name: ${name}\nauth_mode: ${endpoint.auth_mode ?? 'key'}\ntraffic: ${JSON.stringify(endpoint.traffic ?? {})}\n`}
        rest={`GET ${one(workspace, 'online_endpoint', { name })}`}
      />
      <button
        type="button"
        className="button danger"
        onClick={() => {
          setOpen('delete')
        }}
      >
        Delete
      </button>
      <button
        type="button"
        className="button primary"
        onClick={() => {
          setOpen('deploy')
        }}
      >
        Deploy a model
      </button>
      {open === 'deploy' && <Deploy endpoint={name} onClose={close} />}
      {open === 'delete' && (
        <ConfirmDialog
          title={`Delete ${name}?`}
          verb="Delete the endpoint"
          onClose={close}
          act={async () => {
            await send('delete', one(workspace, 'online_endpoint', { name }))
            go(['endpoints'])
          }}
        >
          Its address, its keys and all its deployments go, and callers are refused from then on. Models, jobs
          and captured data stay.
        </ConfirmDialog>
      )}
    </PageHeader>
  )
}

function Panel({
  tab,
  endpoint,
  deployments,
}: {
  tab: TabId
  endpoint: Endpoint
  deployments: Deployment[]
}) {
  if (tab === 'test') return <TestTab endpoint={endpoint} deployments={deployments} />
  if (tab === 'consume') return <ConsumeTab endpoint={endpoint} />
  if (tab === 'logs') return <LogsTab endpoint={endpoint} deployments={deployments} />
  if (tab === 'monitor') return <MonitorTab endpoint={endpoint.name} />
  return <OverviewTab endpoint={endpoint} deployments={deployments} />
}
