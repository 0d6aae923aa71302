/** Lineage: what something came of and what came of it, as a graph; also of one answered request. */

import '@xyflow/react/dist/style.css'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import {
  Background,
  Controls,
  Handle,
  Position,
  ReactFlow,
  type Edge,
  type Node,
  type NodeProps,
} from '@xyflow/react'
import { useMemo, useState } from 'react'

import { address, send } from '@/api/client'
import { CommandPanel, program, quoted } from '@/parts/CommandPanel'
import { EmptyPage } from '@/parts/EmptyPage'
import { PageHeader } from '@/parts/PageHeader'
import { PageLink, useGo, useView, useWorkspace } from '@/parts/place'
import { ProblemView } from '@/parts/ProblemView'

import { HEIGHT, kindsOf, places, titleOf, WIDTH, without, type Lineage, type Thing } from './graph'

import './lineage.css'

interface View extends Record<string, string> {
  kind: string
  name: string
  version: string
  parent: string
  request: string
}

const STANDARD: View = { kind: 'job', name: '', version: '', parent: '', request: '' }
const KINDS = ['job', 'data', 'model', 'environment', 'component', 'online_endpoint', 'request']
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
const TYPES = { thing: ThingNode }

export default function LineagePage() {
  const workspace = useWorkspace()
  const [view] = useView<View>(STANDARD)
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const asked = view.request !== '' || view.name !== ''
  const found = useQuery({
    queryKey: [workspace, view.kind, 'one', view.name, view.parent, view.version, 'lineage', view.request],
    queryFn: async ({ signal }) => (await send('get', urlOf(workspace, view), { signal })) as Lineage,
    enabled: asked,
    placeholderData: keepPreviousData,
    retry: false,
  })
  const lineage = useMemo(() => (found.data ? without(found.data, hidden) : undefined), [found.data, hidden])
  return (
    <>
      <div className="stack">
        <PageHeader
          title="Lineage"
          about="What something came of, and what came of it, down to the digests of content."
        >
          {asked && <CommandPanel {...formsOf(view)} rest={`GET ${urlOf(workspace, view)}`} />}
        </PageHeader>
        <Asking key={`${view.kind} ${view.name} ${view.version} ${view.request}`} view={view} />
        {found.data && (
          <div className="row" role="group" aria-label="Kinds shown">
            {kindsOf(found.data).map(([kind, count]) => (
              <label key={kind} className="row small">
                <input
                  type="checkbox"
                  checked={!hidden.has(kind)}
                  onChange={() => {
                    const after = new Set(hidden)
                    if (!after.delete(kind)) after.add(kind)
                    setHidden(after)
                  }}
                />
                {wordsOf(kind)} {count}
              </label>
            ))}
          </div>
        )}
      </div>
      <div className="lineage card">
        {found.error ? (
          <ProblemView error={found.error} />
        ) : lineage ? (
          <Drawn key={lineage.start} lineage={lineage} />
        ) : (
          !asked && (
            <EmptyPage
              title="Begin with something"
              about="Give the kind and name of a job, a model, data or an endpoint, or the id of a request that an endpoint answered. The pages of each lead here, too."
              command="zaffre lineage job NAME"
            />
          )
        )}
      </div>
    </>
  )
}

function urlOf(workspace: string, { kind, name, version, parent, request }: View): string {
  if (request) return address('/api/v1/workspaces/{workspace}/lineage', { workspace }, { request })
  const path = `/api/v1/workspaces/{workspace}/lineage/{kind}/{name}${version ? '/{version}' : ''}`
  return address(path, { workspace, kind, name, version }, { parent })
}

/** Fields for where to begin. */
function Asking({ view }: { view: View }) {
  const go = useGo()
  const [kind, setKind] = useState(view.request ? 'request' : view.kind)
  const [name, setName] = useState(view.request || view.name)
  const [version, setVersion] = useState(view.version)
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault()
        go(
          ['lineage'],
          kind === 'request' ? { request: name } : { kind, name, version: version || undefined },
        )
      }}
    >
      <select
        className="input lineage-kind"
        aria-label="Kind"
        value={kind}
        onChange={(event) => {
          setKind(event.target.value)
        }}
      >
        {[...new Set([...KINDS, kind])].map((one) => (
          <option key={one} value={one}>
            {wordsOf(one)}
          </option>
        ))}
      </select>
      <input
        className="input grow lineage-name"
        aria-label={kind === 'request' ? 'Request id' : 'Name'}
        placeholder={kind === 'request' ? 'Request id' : 'Name'}
        value={name}
        onChange={(event) => {
          setName(event.target.value)
        }}
      />
      <input
        className="input lineage-version"
        aria-label="Version"
        placeholder="Version"
        value={version}
        onChange={(event) => {
          setVersion(event.target.value)
        }}
      />
      <button type="submit" className="button primary" disabled={name === ''}>
        Show
      </button>
    </form>
  )
}

function Drawn({ lineage }: { lineage: Lineage }) {
  const at = useMemo(() => places(lineage), [lineage])
  const nodes: Node<{ thing: Thing; isStart: boolean }>[] = lineage.nodes.map((thing) => ({
    id: thing.id,
    type: 'thing',
    position: at.get(thing.id) ?? { x: 0, y: 0 },
    width: WIDTH,
    height: HEIGHT,
    measured: { width: WIDTH, height: HEIGHT },
    data: { thing, isStart: thing.id === lineage.start },
    ariaLabel: `${wordsOf(thing.kind)} ${titleOf(thing)}`,
  }))
  const edges: Edge[] = lineage.edges.map((edge, index) => ({
    id: String(index),
    source: edge.source,
    target: edge.target,
    label: wordsOf(edge.relation),
    ariaLabel: `${edge.source} ${wordsOf(edge.relation)} ${edge.target}`,
  }))
  return (
    <ReactFlow
      className="canvas"
      aria-label="Lineage"
      nodes={nodes}
      edges={edges}
      nodeTypes={TYPES}
      fitView
      fitViewOptions={{ padding: 0.12, maxZoom: 1 }}
      nodesDraggable={false}
      nodesConnectable={false}
      deleteKeyCode={null}
      minZoom={0.1}
      onlyRenderVisibleElements={lineage.nodes.length > 150}
      proOptions={{ hideAttribution: true }}
      colorMode="system"
    >
      <Background gap={20} />
      <Controls showInteractive={false} />
    </ReactFlow>
  )
}

function ThingNode({ data: { thing, isStart } }: NodeProps<Node<{ thing: Thing; isStart: boolean }>>) {
  const page = PAGES[thing.kind]
  return (
    <div className="thing" data-start={isStart}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <span className="small muted">{wordsOf(thing.kind)}</span>
      <span className="ellipsis" title={titleOf(thing)}>
        {page ? (
          <PageLink to={[page, thing.name]} search={thing.version ? { version: thing.version } : {}}>
            {titleOf(thing)}
          </PageLink>
        ) : (
          titleOf(thing)
        )}
      </span>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  )
}

function wordsOf(word: string): string {
  return word.replace(/_/g, ' ')
}

function formsOf({ kind, name, version, request }: View) {
  if (request)
    return {
      cli: `zaffre lineage ${quoted(request)}`,
      sdk: program(`print(ml.lineage_of_request("${request}"))`),
    }
  return {
    cli: `zaffre lineage ${kind.replace(/_/g, '-')} ${quoted(version ? `${name}:${version}` : name)}`,
    sdk: program(`print(ml.lineage("${kind}", "${name}"${version ? `, "${version}"` : ''}))`),
  }
}
