/** What is selected, to look at and to change: a step, an input or output of the pipeline, or the pipeline itself. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { Icon } from '@/parts/Icon'
import { FormFromSchema } from '@/parts/FormFromSchema'
import { KeyValue } from '@/parts/KeyValue'
import { PageLink } from '@/parts/place'
import { description, schemaOf, type Value } from '@/parts/schema'
import { StateBadge } from '@/parts/StateBadge'

import { isMapping, within, type Edit, type Json, type Mapping } from './edit'
import { textOf, type Box, type Drawing, type Fits, type Level } from './graph'
import { PortFields } from './PortFields'
import type { PlanRow, StepRun } from './queries'
import { placeOf } from './source'

export interface PropertiesProps {
  box: Box | undefined
  level: Level
  drawing: Drawing
  fits: Fits
  run?: StepRun
  plan?: PlanRow
  onEdit: (edits: Edit[]) => void
  onRename: (to: string) => void
  onOpen?: () => void
}

const STEP_FIELDS = ['compute', 'environment', 'limits', 'retry_settings', 'comment']
const TEXT_FIELDS = ['command', ...STEP_FIELDS]
const PIPELINE_FIELDS = ['display_name', 'experiment_name', 'description']

export function Properties(props: PropertiesProps) {
  const { box } = props
  if (!box) return <PipelineProperties {...props} />
  if (box.kind === 'step') return <StepProperties {...props} box={box} />
  return <EdgeOfPipeline {...props} box={box} />
}

function Name({ box, level, onRename }: { box: Box; level: Level; onRename: (to: string) => void }) {
  const [name, setName] = useState(box.name)
  const done = () => {
    if (name !== box.name) onRename(name)
  }
  return (
    <label className="field">
      <span>Name</span>
      <input
        className="input"
        value={name}
        disabled={level.readOnly}
        pattern="[A-Za-z_][A-Za-z0-9_\-]*"
        onChange={(event) => {
          setName(event.target.value)
        }}
        onBlur={done}
        onKeyDown={(event) => {
          if (event.key === 'Enter') done()
        }}
      />
    </label>
  )
}

function StepProperties(props: PropertiesProps & { box: Box }) {
  const { box, level, run, plan, onEdit, onOpen } = props
  const path = [...level.path, 'jobs', box.name]
  const step = within(level.body, 'jobs', box.name)
  const place = box.reference === undefined ? undefined : placeOf(box.reference)
  return (
    <div className="stack">
      <Name key={box.id} {...props} />
      <KeyValue
        facts={[
          ['Type', box.type],
          [
            'Component',
            place && (
              <PageLink
                to={['components', place.name]}
                search={place.version ? { version: place.version } : {}}
              >
                {box.reference}
              </PageLink>
            ),
          ],
          ['State', run && <StateBadge state={run.status} />],
          ['Reused from', run?.reused && <PageLink to={['jobs', run.reused]}>{run.reused}</PageLink>],
          ['Job', run?.job && <PageLink to={['jobs', run.job]}>{run.job}</PageLink>],
          ['Why', run ? (run.error ?? run.note) : plan?.reason],
        ]}
      />
      {box.unknown && (
        <p className="muted">The component is not in this workspace: its ports are not known.</p>
      )}
      {onOpen && (
        <button type="button" className="button" onClick={onOpen}>
          <Icon name="right" />
          Open its steps
        </button>
      )}
      <PortFields {...props} path={path} />
      <Fields
        schema="Step"
        fields={box.reference === undefined && !isMapping(step['component']) ? TEXT_FIELDS : STEP_FIELDS}
        path={path}
        value={step}
        readOnly={level.readOnly}
        onEdit={onEdit}
      />
    </div>
  )
}

function EdgeOfPipeline(props: PropertiesProps & { box: Box }) {
  const { box, level, onEdit } = props
  const word = box.kind === 'input' ? 'inputs' : 'outputs'
  const path = [...level.path, word, box.name]
  const value = level.body[word] && isMapping(level.body[word]) ? level.body[word][box.name] : undefined
  return (
    <div className="stack">
      <Name key={box.id} {...props} />
      {isMapping(value) ? (
        <Fields
          schema={box.kind === 'input' ? 'JobInput' : 'JobOutput'}
          fields={['type', 'path', 'mode']}
          path={path}
          value={value}
          readOnly={level.readOnly}
          onEdit={onEdit}
        />
      ) : (
        <Literal
          key={box.id}
          value={value ?? null}
          readOnly={level.readOnly}
          onDone={(after) => {
            onEdit([{ path, value: after }])
          }}
        />
      )}
    </div>
  )
}

function Literal({
  value,
  readOnly,
  onDone,
}: {
  value: Json
  readOnly: boolean
  onDone: (value: Json) => void
}) {
  const [text, setText] = useState(textOf(value))
  const done = () => {
    if (text !== textOf(value)) onDone(literalOf(text))
  }
  return (
    <label className="field">
      <span>Value</span>
      <input
        className="input"
        value={text}
        disabled={readOnly}
        onChange={(event) => {
          setText(event.target.value)
        }}
        onBlur={done}
        onKeyDown={(event) => {
          if (event.key === 'Enter') done()
        }}
      />
      <span className="hint">A number, true or false, or text.</span>
    </label>
  )
}

/** Reads what was typed as YAML would. */
export function literalOf(text: string): Json {
  if (text === 'true' || text === 'false') return text === 'true'
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

function PipelineProperties({ level, drawing, onEdit }: PropertiesProps) {
  const steps = drawing.boxes.filter((box) => box.kind === 'step').length
  return (
    <div className="stack">
      <p className="muted">
        {steps === 0 ? '' : steps === 1 ? 'One step. ' : `${steps} steps. `}Select one to see what it needs;
        drag from an output to an input to join them.
      </p>
      <Fields
        schema="PipelineJobSpec"
        fields={PIPELINE_FIELDS}
        path={level.path}
        value={level.body}
        readOnly={level.readOnly}
        onEdit={onEdit}
      />
      <Fields
        schema="settings"
        fields={['default_compute', 'default_environment', 'continue_on_step_failure', 'force_rerun']}
        path={[...level.path, 'settings']}
        value={within(level.body, 'settings')}
        readOnly={level.readOnly}
        onEdit={onEdit}
      />
    </div>
  )
}

const OWN = {
  settings: {
    properties: {
      default_compute: {
        type: 'string',
        title: 'Compute',
        description: 'Where steps run that say nothing else.',
      },
      default_environment: {
        type: 'string',
        title: 'Environment',
        description: 'What steps run in that say nothing else.',
      },
      continue_on_step_failure: { type: 'boolean', title: 'Other branches go on when a step fails' },
      force_rerun: { type: 'boolean', title: 'Run every step, whatever was done before' },
    },
  },
  PipelineJobSpec: {
    properties: {
      display_name: { type: 'string', title: 'Display name' },
      experiment_name: { type: 'string', title: 'Experiment' },
      description: { type: 'string', title: 'Description' },
    },
  },
}

interface FieldsProps {
  schema: string
  fields: string[]
  path: string[]
  value: Mapping
  readOnly: boolean
  onEdit: (edits: Edit[]) => void
}

/** Fields of the definition that the server gives; each that changes is an edit of its own. */
function Fields({ schema, fields, path, value, readOnly, onEdit }: FieldsProps) {
  const document = useQuery(description)
  if (readOnly || !document.data) return null
  const own = OWN[schema as keyof typeof OWN] as (typeof OWN)[keyof typeof OWN] | undefined
  return (
    <FormFromSchema
      schema={own ?? schemaOf(document.data, schema)}
      fields={fields}
      value={value as Record<string, Value>}
      onChange={(after) => {
        onEdit(
          fields
            .filter((name) => JSON.stringify(after[name]) !== JSON.stringify(value[name]))
            .map((name) => ({ path: [...path, name], value: after[name] as Json | undefined })),
        )
      }}
    />
  )
}
