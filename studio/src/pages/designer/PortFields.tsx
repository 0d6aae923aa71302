/** The inputs of a step: from another step, from the pipeline, or a value that the component's definition allows. */

import { FormFromSchema } from '@/parts/FormFromSchema'
import type { Schema, Value } from '@/parts/schema'

import { join } from './changes'
import { isMapping, type Edit, type Json } from './edit'
import {
  bindingOf,
  LITERALS,
  refusal,
  textOf,
  type Box,
  type Drawing,
  type Fits,
  type Level,
  type Port,
} from './graph'

interface Props {
  box: Box
  level: Level
  drawing: Drawing
  fits: Fits
  path: string[]
  onEdit: (edits: Edit[]) => void
}

export function PortFields({ box, level, drawing, fits, path, onEdit }: Props) {
  return (
    <>
      {box.inputs.length > 0 && <h3>Inputs</h3>}
      {box.inputs.map((port) => (
        <PortField
          key={`${box.id}.${port.name}`}
          port={port}
          sources={sourcesOf(drawing, fits, box, port)}
          readOnly={level.readOnly}
          onSource={(key) => {
            const [id = '', from = ''] = key.split('\0')
            const source = drawing.boxes.find((one) => one.id === id)
            onEdit([
              source
                ? join(level.path, source, from, box, port.name)
                : { path: [...path, 'inputs', port.name], value: undefined },
            ])
          }}
          onValue={(value) => {
            onEdit([{ path: [...path, 'inputs', port.name], value }])
          }}
        />
      ))}
      {box.outputs.length > 0 && <h3>Outputs</h3>}
      <ul>
        {box.outputs.map((port) => (
          <li key={port.name}>
            {port.name} <span className="muted">{port.type}</span>
          </li>
        ))}
      </ul>
    </>
  )
}

interface Source {
  key: string
  title: string
}

/** Gives the outputs that fit an input. */
function sourcesOf(drawing: Drawing, fits: Fits, box: Box, port: Port): Source[] {
  return drawing.boxes.flatMap((one) =>
    one.outputs
      .filter(
        (output) =>
          !refusal(drawing, fits, { box: one.id, port: output.name }, { box: box.id, port: port.name }),
      )
      .map((output) => ({
        key: `${one.id}\0${output.name}`,
        title: one.kind === 'input' ? `pipeline: ${one.name}` : `${one.name}: ${output.name}`,
      })),
  )
}

interface FieldProps {
  port: Port
  sources: Source[]
  readOnly: boolean
  onSource: (key: string) => void
  onValue: (value: Json | undefined) => void
}

function PortField({ port, sources, readOnly, onSource, onValue }: FieldProps) {
  const from = bindingOf(port.value)
  const key = from?.input
    ? `input:${from.input}\0${from.input}`
    : from?.step
      ? `step:${from.step}\0${from.output ?? ''}`
      : ''
  const known = key === '' || sources.some((source) => source.key === key)
  return (
    <div className="port-field">
      <label>
        {port.name} <span className="muted">{port.type}</span>
        {port.required && <span className="muted"> (needed)</span>}
        <select
          className="input"
          aria-label={`${port.name} comes from`}
          value={key}
          disabled={readOnly}
          onChange={(event) => {
            onSource(event.target.value)
          }}
        >
          <option value="">
            {LITERALS.includes(port.type ?? 'string') ? 'a value' : 'data by its path'}
          </option>
          {!known && <option value={key}>{textOf(port.value)}</option>}
          {sources.map((source) => (
            <option key={source.key} value={source.key}>
              {source.title}
            </option>
          ))}
        </select>
      </label>
      {key === '' && !readOnly && <OwnValue port={port} onValue={onValue} />}
    </div>
  )
}

function OwnValue({ port, onValue }: { port: Port; onValue: (value: Json | undefined) => void }) {
  const literal = LITERALS.includes(port.type ?? 'string')
  const path = isMapping(port.value) ? port.value['path'] : port.value
  return (
    <FormFromSchema
      schema={{
        properties: {
          [port.name]: literal
            ? schemaOf(port)
            : { type: 'string', title: 'Path', description: 'azureml:NAME:VERSION, or where it lies.' },
        },
      }}
      value={{ [port.name]: path as Value }}
      onChange={(after) => {
        const value = after[port.name] as Json | undefined
        if (literal || value === undefined) onValue(value)
        else
          onValue({
            ...(isMapping(port.value) ? port.value : { type: port.type ?? 'uri_folder' }),
            path: value,
          })
      }}
    />
  )
}

/** Gives what a component declares of an input as a JSON schema. */
export function schemaOf(port: Port): Schema {
  const { declared = {} } = port
  const number = (name: string) => (typeof declared[name] === 'number' ? declared[name] : undefined)
  return {
    type: port.type,
    title: 'Value',
    description: textOf(declared['description']) || undefined,
    default: declared['default'] ?? undefined,
    enum: Array.isArray(declared['enum']) ? declared['enum'] : undefined,
    minimum: number('min'),
    maximum: number('max'),
  }
}
