/** The workspace: what it is, how programs reach it, what was used, what can be cleaned up. */

import { useQuery } from '@tanstack/react-query'

import { send } from '@/api/client'
import { session } from '@/api/session'
import { CodeBlock } from '@/parts/Copy'
import { TimeAgo } from '@/parts/format'
import { KeyValue } from '@/parts/KeyValue'
import { PageHeader } from '@/parts/PageHeader'
import { useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'
import { Tabs, type Tab } from '@/parts/Tabs'

import { StorageTab } from './StorageTab'
import { UseTab } from './UseTab'

type TabId = 'workspace' | 'connect' | 'use' | 'storage'

const TABS: Tab<TabId>[] = [
  { id: 'workspace', title: 'Workspace' },
  { id: 'connect', title: 'Connect' },
  { id: 'use', title: 'Use and cost' },
  { id: 'storage', title: 'Storage' },
]

interface Workspace {
  name: string
  display_name?: string | null
  description?: string | null
  default_datastore?: string
  creation_context?: { created_at?: string; created_by?: string }
}

export default function SettingsPage() {
  const [view, setView] = useView<{ tab: TabId }>({ tab: 'workspace' })
  return (
    <div className="stack">
      <PageHeader title="Settings" about="This workspace, and how to reach it." />
      <Tabs
        label="Settings"
        tabs={TABS}
        open={view.tab}
        onOpen={(tab) => {
          setView({ tab })
        }}
      >
        {view.tab === 'workspace' && <WorkspaceTab />}
        {view.tab === 'connect' && <ConnectTab />}
        {view.tab === 'use' && <UseTab />}
        {view.tab === 'storage' && <StorageTab />}
      </Tabs>
    </div>
  )
}

function WorkspaceTab() {
  const name = useWorkspace()
  const found = useQuery({
    queryKey: [name, 'workspace', 'one', name],
    queryFn: async ({ signal }) =>
      (await send('get', `/api/v1/workspaces/${encodeURIComponent(name)}`, { signal })) as Workspace,
  })
  const who = useQuery(session)
  const health = useQuery({
    queryKey: ['health'],
    queryFn: async ({ signal }) => (await send('get', '/health', { signal })) as { version: string },
  })
  if (found.error) return <ProblemView error={found.error} retry={() => void found.refetch()} />
  return (
    <section className="card">
      <div className="body">
        <KeyValue
          facts={[
            ['Name', found.data?.name],
            ['Display name', found.data?.display_name],
            ['Description', found.data?.description],
            ['Default datastore', found.data?.default_datastore],
            ['Made', <TimeAgo key="t" at={found.data?.creation_context?.created_at} />],
            ['You are', who.data ? `${String(who.data.name)} (${String(who.data.role)})` : undefined],
            ['Zaffre', health.data?.version],
          ]}
        />
      </div>
    </section>
  )
}

function ConnectTab() {
  const workspace = useWorkspace()
  const url = location.origin
  return (
    <div className="grid">
      <section className="card">
        <header>
          <h2>MLflow</h2>
        </header>
        <div className="body stack">
          <p className="muted">Programs that log with MLflow need nothing else:</p>
          <CodeBlock label="variables" text={`eval "$(zaffre status --export)"`} />
        </div>
      </section>
      <section className="card">
        <header>
          <h2>Python SDK</h2>
        </header>
        <div className="body stack">
          <p className="muted">On this machine the client finds the server by itself; from elsewhere:</p>
          <CodeBlock
            label="program"
            text={`from zaffre.ml import MLClient\n\nml = MLClient(url="${url}", token="...", workspace="${workspace}")`}
          />
        </div>
      </section>
      <section className="card">
        <header>
          <h2>Command line</h2>
        </header>
        <div className="body stack">
          <CodeBlock
            label="commands"
            text={`zaffre job list -w ${workspace}\nzaffre doctor\nzaffre backup --help`}
          />
        </div>
      </section>
    </div>
  )
}
