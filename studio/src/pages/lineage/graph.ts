/** What things came of, laid out from left to right. Pure. */

import { Graph, layout } from '@dagrejs/dagre'

export interface Thing {
  id: string
  kind: string
  name: string
  version: string
  label?: string
  parent?: string
}

export interface Lineage {
  start: string
  nodes: Thing[]
  edges: { source: string; relation: string; target: string }[]
}

export const WIDTH = 210
export const HEIGHT = 54

/** Leaves kinds out; what begins there stays. */
export function without(lineage: Lineage, hidden: ReadonlySet<string>): Lineage {
  const nodes = lineage.nodes.filter((node) => node.id === lineage.start || !hidden.has(node.kind))
  const known = new Set(nodes.map((node) => node.id))
  const edges = lineage.edges.filter((edge) => known.has(edge.source) && known.has(edge.target))
  return { ...lineage, nodes, edges }
}

export function places({ nodes, edges }: Lineage): Map<string, { x: number; y: number }> {
  const graph = new Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'LR', nodesep: 22, ranksep: 110 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const node of nodes) graph.setNode(node.id, { width: WIDTH, height: HEIGHT })
  edges.forEach((edge, at) => graph.setEdge(edge.source, edge.target, {}, String(at)))
  layout(graph)
  return new Map(
    nodes.map((node) => {
      const { x, y } = graph.node(node.id) as { x: number; y: number }
      return [node.id, { x: x - WIDTH / 2, y: y - HEIGHT / 2 }]
    }),
  )
}

/** Counts what there is of each kind, the most first. */
export function kindsOf(lineage: Lineage): [kind: string, count: number][] {
  const counts = new Map<string, number>()
  for (const node of lineage.nodes) counts.set(node.kind, (counts.get(node.kind) ?? 0) + 1)
  return [...counts].sort(([, one], [, other]) => other - one)
}

export function titleOf(thing: Thing): string {
  if (thing.label) return thing.label
  const name = thing.name || thing.id
  return thing.version ? `${name}:${thing.version.slice(0, 12)}` : name
}
