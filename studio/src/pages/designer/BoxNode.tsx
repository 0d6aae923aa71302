/** A box on the canvas: a step with its ports, an input or an output of the pipeline. */

import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'

import { Icon, type IconName } from '@/parts/Icon'
import { StateBadge, Tag } from '@/parts/StateBadge'

import { ANY, bindingOf, textOf, type Box, type Port } from './graph'
import type { PlanRow, StepRun } from './queries'

/** What is known of a box beside the document. */
export interface Facts {
  run?: StepRun
  plan?: PlanRow
  faults: number
  open?: () => void
}

export type BoxData = Facts & { box: Box } & Record<string, unknown>

export type BoxNodeType = Node<BoxData, 'box'>

const ICONS: Record<string, IconName> = {
  command: 'component',
  pipeline: 'pipeline',
  parallel: 'batch',
  sweep: 'sweep',
  if_else: 'compare',
  do_while: 'again',
  parallel_for: 'columns',
}
const PLANNED = {
  run: 'Runs',
  reuse: 'Reused',
  depends: 'Depends',
  decide: 'Decides',
  skip: 'Skipped',
} as const

export function BoxNode({ data }: NodeProps<BoxNodeType>) {
  const { box } = data
  return (
    <div className="box" data-kind={box.kind} data-faulty={data.faults > 0}>
      <header>
        <Icon name={box.kind === 'step' ? (ICONS[box.type] ?? 'component') : 'data'} />
        <span className="grow">
          <strong className="ellipsis">{box.name}</strong>
          <span className="ellipsis small muted">{aboutOf(box)}</span>
        </span>
        <Badge data={data} />
      </header>
      {box.kind === 'step' ? <Ports box={box} /> : <Single box={box} />}
      {data.open && (
        <button
          type="button"
          className="box-open nodrag"
          title="Open the steps inside"
          aria-label={`Open ${box.name}`}
          onClick={data.open}
        >
          <Icon name="right" size={14} />
        </button>
      )}
      <Handle type="target" id={ANY} position={Position.Top} isConnectable={false} className="port-any" />
      <Handle type="source" id={ANY} position={Position.Bottom} isConnectable={false} className="port-any" />
    </div>
  )
}

function aboutOf(box: Box): string {
  if (box.kind === 'input') return `Input, ${box.about ?? box.type}`
  if (box.kind === 'output') return `Output, ${box.type}`
  return box.about ?? box.type
}

function Badge({ data: { run, plan, faults } }: { data: BoxData }) {
  if (run)
    return (
      <span title={run.error ?? run.note ?? undefined}>
        {run.reused ? (
          <Tag title={`The results are those of ${run.reused}.`}>Reused</Tag>
        ) : (
          <StateBadge state={run.status} />
        )}
      </span>
    )
  if (faults > 0)
    return (
      <span className="badge" data-tone="bad" title={`${faults} to mend`}>
        <Icon name="warning" size={12} />
        {faults}
      </span>
    )
  if (!plan) return null
  return (
    <span className="badge" data-tone={plan.action === 'reuse' ? 'good' : 'plain'} title={plan.reason}>
      {PLANNED[plan.action]}
    </span>
  )
}

function Ports({ box }: { box: Box }) {
  return (
    <div className="box-ports">
      <ul>
        {box.inputs.map((port) => (
          <li key={port.name} title={titleOf(port)} data-empty={port.required && port.value === undefined}>
            <Handle type="target" id={port.name} position={Position.Left} className="port" />
            <span className="ellipsis">{port.name}</span>
            <span className="ellipsis muted">{shownValue(port)}</span>
          </li>
        ))}
      </ul>
      <ul>
        {box.outputs.map((port) => (
          <li key={port.name} title={titleOf(port)}>
            <span className="ellipsis">{port.name}</span>
            <Handle type="source" id={port.name} position={Position.Right} className="port" />
          </li>
        ))}
      </ul>
    </div>
  )
}

function Single({ box }: { box: Box }) {
  return box.kind === 'input' ? (
    <Handle type="source" id={box.name} position={Position.Right} className="port" />
  ) : (
    <Handle type="target" id={box.name} position={Position.Left} className="port" />
  )
}

function titleOf(port: Port): string {
  const about = textOf(port.declared?.['description'])
  return `${port.name}: ${port.type ?? 'any type'}${port.required ? ', needed' : ''}${about ? `. ${about}` : ''}`
}

function shownValue(port: Port): string {
  if (port.value === undefined || bindingOf(port.value)) return ''
  const path =
    typeof port.value === 'object' && port.value && 'path' in port.value ? port.value['path'] : port.value
  return textOf(path)
}
