/** Where the boxes stand: laid out from left to right, or where somebody put them. Never in the document. */

import { Graph, layout as arrange } from '@dagrejs/dagre'

import type { Box, Drawing } from './graph'

export interface Point {
  x: number
  y: number
}
/** Places of boxes by level (its path, joined by `/`) and id. */
export type Layout = Record<string, Record<string, Point>>

export const WIDTH = 232
const HEAD = 46
const ROW = 24
const FOOT = 8

export function heightOf(box: Box): number {
  if (box.kind !== 'step') return 46
  return HEAD + Math.max(box.inputs.length, box.outputs.length, 0) * ROW + FOOT
}

/** Gives a place for every box: as dagre has it, or where it was moved to. */
export function placed(drawing: Drawing, moved: Record<string, Point> = {}): Record<string, Point> {
  if (drawing.boxes.every((box) => moved[box.id])) return moved
  const graph = new Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'LR', nodesep: 28, ranksep: 80, marginx: 20, marginy: 20 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const box of drawing.boxes) graph.setNode(box.id, { width: WIDTH, height: heightOf(box) })
  for (const wire of drawing.wires) graph.setEdge(wire.source, wire.target, {}, wire.id)
  arrange(graph)
  const found: Record<string, Point> = {}
  for (const box of drawing.boxes) {
    const { x, y } = graph.node(box.id) as Point
    found[box.id] = moved[box.id] ?? { x: Math.round(x - WIDTH / 2), y: Math.round(y - heightOf(box) / 2) }
  }
  return found
}

/** Reads a layout that was exported; anything else is none. */
export function layoutOf(text: string): Layout | undefined {
  try {
    const value = JSON.parse(text) as { zaffre_layout?: Layout }
    return value.zaffre_layout
  } catch {
    return undefined
  }
}

export function layoutText(layout: Layout): string {
  return `${JSON.stringify({ zaffre_layout: layout }, null, 2)}\n`
}
