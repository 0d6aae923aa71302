/** What something came of, and what came of it: the next things on both sides. */

import { useQuery } from '@tanstack/react-query'

import { address, send } from '@/api/client'
import type { Kind } from '@/api/kinds'

import { PageLink, useWorkspace } from './place'
import { ProblemView } from './ProblemView'
import { Tag } from './StateBadge'

interface Node {
  id: string
  kind: string
  name: string
  version: string
  label: string
  parent?: string
}

interface Lineage {
  start: string
  nodes: Node[]
  edges: { source: string; relation: string; target: string }[]
}

const PAGES: Record<string, string> = {
  job: 'jobs',
  run: 'jobs',
  data: 'data',
  model: 'models',
  environment: 'environments',
  component: 'components',
  online_endpoint: 'endpoints',
  batch_endpoint: 'batch-endpoints',
}

interface Props {
  kind: Kind
  name: string
  version?: string
  parent?: string
}

export function Neighbours({ kind, name, version = '', parent = '' }: Props) {
  const workspace = useWorkspace()
  const found = useQuery({
    queryKey: [workspace, kind, 'one', name, parent, version, 'lineage'],
    queryFn: async ({ signal }) => {
      const path = `/api/v1/workspaces/{workspace}/lineage/{kind}/{name}${version ? '/{version}' : ''}`
      const url = address(path, { workspace, kind, name, version }, { parent })
      return (await send('get', url, { signal })) as Lineage
    },
  })
  if (found.error) return <ProblemView error={found.error} />
  const lineage = found.data ?? { start: '', nodes: [], edges: [] }
  const nodes = new Map(lineage.nodes.map((node) => [node.id, node]))
  const above = lineage.edges.filter((edge) => edge.target === lineage.start)
  const below = lineage.edges.filter((edge) => edge.source === lineage.start)
  return (
    <section className="card">
      <header>
        <h2>Lineage</h2>
        <PageLink to={['lineage']} search={{ kind, name, ...(version ? { version } : {}) }}>
          Open as a graph
        </PageLink>
      </header>
      <div className="body grid">
        <Side title="It came of" edges={above.map((edge) => [edge.relation, nodes.get(edge.source)])} />
        <Side title="Came of it" edges={below.map((edge) => [edge.relation, nodes.get(edge.target)])} />
      </div>
    </section>
  )
}

function Side({ title, edges }: { title: string; edges: [string, Node | undefined][] }) {
  return (
    <div className="stack">
      <h3>{title}</h3>
      {edges.length === 0 && <p className="muted">Nothing yet.</p>}
      <ul className="stack" style={{ gap: '0.4rem' }}>
        {edges.map(
          ([relation, node], index) => node && <NodeLine key={index} relation={relation} node={node} />,
        )}
      </ul>
    </div>
  )
}

function NodeLine({ relation, node }: { relation: string; node: Node }) {
  const page = PAGES[node.kind]
  const title = node.label || (node.version ? `${node.name}:${node.version.slice(0, 12)}` : node.name)
  return (
    <li className="row">
      <Tag>{node.kind.replace(/_/g, ' ')}</Tag>
      {page ? (
        <PageLink to={[page, node.name]} search={node.version ? { version: node.version } : {}}>
          {title}
        </PageLink>
      ) : (
        <span className="mono">{title}</span>
      )}
      <span className="muted small">{relation.replace(/_/g, ' ')}</span>
    </li>
  )
}
