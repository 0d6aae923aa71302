/** The canvas: boxes and wires, drawn of the document; what is done on it becomes edits. */

import '@xyflow/react/dist/style.css'

import {
  Background,
  Controls,
  MiniMap,
  ReactFlow,
  useReactFlow,
  useStore,
  type Connection,
  type Edge,
  type EdgeChange,
  type NodeChange,
} from '@xyflow/react'
import { useEffect, useMemo, useRef, useState, type DragEvent } from 'react'

import { toneOf } from '@/parts/StateBadge'

import { BoxNode, type BoxNodeType, type Facts } from './BoxNode'
import { ANY, refusal, type Box, type Drawing, type Fits, type Wire } from './graph'
import { heightOf, WIDTH, type Point } from './layout'

interface Props {
  drawing: Drawing
  points: Record<string, Point>
  fits: Fits
  selected: ReadonlySet<string>
  readOnly: boolean
  /** Which level and what was put there: when it changes, all is fitted into the window. */
  shown: string
  facts: (box: Box) => Facts
  onSelect: (ids: ReadonlySet<string>) => void
  onMove: (points: Record<string, Point>) => void
  onJoin: (source: string, sourcePort: string, target: string, targetPort: string) => void
  onRefuse: (reason: string) => void
  onDrop: (event: DragEvent, at: Point) => void
}

const TYPES = { box: BoxNode }

export function Canvas(props: Props) {
  const { drawing, points, selected, onSelect } = props
  const [dragged, setDragged] = useState<Record<string, Point>>({})
  const flow = useReactFlow<BoxNodeType>()
  const refused = useRef('')
  useFitting(props.shown, drawing.boxes.length === 0)
  const nodes = useMemo(
    () =>
      drawing.boxes.map((box) =>
        nodeOf(box, dragged[box.id] ?? points[box.id], selected.has(box.id), props.facts(box)),
      ),
    [drawing, points, dragged, selected, props],
  )
  const edges = useMemo(
    () => drawing.wires.map((wire) => edgeOf(wire, selected, props)),
    [drawing, selected, props],
  )

  const changeNodes = (changes: NodeChange<BoxNodeType>[]) => {
    const moved: Record<string, Point> = {}
    let ended = false
    for (const change of changes)
      if (change.type === 'position' && change.position) {
        moved[change.id] = { x: Math.round(change.position.x), y: Math.round(change.position.y) }
        ended ||= change.dragging !== true
      }
    if (Object.keys(moved).length > 0) setDragged(ended ? {} : { ...dragged, ...moved })
    if (ended) props.onMove({ ...points, ...dragged, ...moved })
    choose(changes)
  }
  const choose = (changes: (NodeChange<BoxNodeType> | EdgeChange)[]) => {
    const after = new Set(selected)
    for (const change of changes)
      if (change.type === 'select') {
        if (change.selected) after.add(change.id)
        else after.delete(change.id)
      }
    if (after.size !== selected.size || [...after].some((id) => !selected.has(id))) onSelect(after)
  }
  const fitting = (connection: Connection | Edge): boolean => {
    const reason = refusal(
      drawing,
      props.fits,
      { box: connection.source, port: connection.sourceHandle ?? '' },
      { box: connection.target, port: connection.targetHandle ?? '' },
    )
    refused.current = reason ?? ''
    return reason === undefined
  }
  return (
    <ReactFlow
      className="canvas"
      aria-label="Canvas"
      nodes={nodes}
      edges={edges}
      nodeTypes={TYPES}
      onNodesChange={changeNodes}
      onEdgesChange={choose}
      isValidConnection={fitting}
      onConnectStart={() => {
        refused.current = ''
      }}
      onConnect={(made) => {
        props.onJoin(made.source, made.sourceHandle ?? '', made.target, made.targetHandle ?? '')
      }}
      onConnectEnd={(_, state) => {
        if (state.toHandle && !state.isValid && refused.current) props.onRefuse(refused.current)
      }}
      onDragOver={(event) => {
        event.preventDefault()
      }}
      onDrop={(event) => {
        event.preventDefault()
        props.onDrop(event, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY }))
      }}
      nodesConnectable={!props.readOnly}
      deleteKeyCode={null}
      multiSelectionKeyCode={['Shift', 'Control', 'Meta']}
      onlyRenderVisibleElements={drawing.boxes.length > 150}
      minZoom={0.1}
      maxZoom={2}
      proOptions={{ hideAttribution: true }}
      colorMode="system"
    >
      <Background gap={20} />
      <Controls showInteractive={false} position="bottom-left" />
      {drawing.boxes.length > 3 && (
        <MiniMap
          pannable
          zoomable
          ariaLabel="Map of the pipeline"
          nodeStrokeWidth={3}
          className="canvas-map"
        />
      )}
    </ReactFlow>
  )
}

/** Has all boxes in view when another level is shown, something is put there, or the window changes. */
function useFitting(shown: string, isEmpty: boolean) {
  const { fitView } = useReactFlow()
  const width = useStore((state) => Math.round(state.width / 40))
  useEffect(() => {
    if (isEmpty) return
    const frame = requestAnimationFrame(() => void fitView({ padding: 0.1, maxZoom: 1 }))
    return () => {
      cancelAnimationFrame(frame)
    }
  }, [shown, isEmpty, width, fitView])
}

function nodeOf(box: Box, position: Point | undefined, selected: boolean, facts: Facts): BoxNodeType {
  const size = { width: WIDTH, height: heightOf(box) }
  const state = facts.run?.status ?? facts.plan?.action ?? ''
  return {
    id: box.id,
    type: 'box',
    position: position ?? { x: 0, y: 0 },
    selected,
    ...size,
    measured: size,
    data: { ...facts, box },
    ariaLabel: `${box.kind === 'step' ? 'Step' : box.kind === 'input' ? 'Input' : 'Output'} ${box.name}${state ? `, ${state}` : ''}`,
    className: `tone-${toneOf(facts.run?.status ?? '')}`,
  }
}

function edgeOf(wire: Wire, selected: ReadonlySet<string>, props: Props): Edge {
  const source = props.drawing.boxes.find((box) => box.id === wire.source)
  const running = source && props.facts(source).run?.status === 'Running'
  return {
    id: wire.id,
    source: wire.source,
    target: wire.target,
    sourceHandle: wire.sourcePort,
    targetHandle: wire.targetPort,
    selected: selected.has(wire.id),
    deletable: wire.remove !== undefined,
    animated: running ?? false,
    label: wire.label,
    className: wire.sourcePort === ANY ? 'wire-control' : undefined,
    ariaLabel: wire.label
      ? `${nameOf(wire.source)}: ${wire.label} ${nameOf(wire.target)}`
      : `${nameOf(wire.source)}, ${wire.sourcePort}, to ${nameOf(wire.target)}, ${wire.targetPort}`,
  }
}

function nameOf(id: string): string {
  return id.slice(id.indexOf(':') + 1)
}
