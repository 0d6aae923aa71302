/** A form drawn from the JSON schema of a kind: the fields, titles and descriptions of its one definition. */

import { useId } from 'react'

import type { FieldProblem } from '@/api/problem'

import { branchOf, type Schema, type Value, titleOf } from './schema'

interface Props {
  schema: Schema
  value: Record<string, Value>
  onChange: (value: Record<string, Value>) => void
  /** Which fields, in this order; all of the schema if left out. */
  fields?: string[]
  problems?: FieldProblem[]
}

export function FormFromSchema({ schema, value, onChange, fields, problems = [] }: Props) {
  const names = fields ?? Object.keys(schema.properties ?? {})
  return (
    <div className="form">
      {names.map((name) => {
        const field = schema.properties?.[name]
        if (!field) return null
        return (
          <Field
            key={name}
            name={name}
            schema={field}
            required={schema.required?.includes(name) ?? false}
            value={value[name]}
            problem={problems.find((one) => one.field === name || one.field?.startsWith(`${name}.`))}
            onChange={(changed) => {
              const others = Object.entries(value).filter(([known]) => known !== name)
              onChange(Object.fromEntries(changed === undefined ? others : [...others, [name, changed]]))
            }}
          />
        )
      })}
    </div>
  )
}

interface FieldProps {
  name: string
  schema: Schema
  required: boolean
  value: Value
  problem?: FieldProblem
  onChange: (value: Value) => void
}

function Field(props: FieldProps) {
  const { name, schema, required, problem } = props
  const id = useId()
  const plain = branchOf(schema)
  if (plain.type === 'object' && plain.properties)
    return <Nested {...props} schema={plain} title={titleOf(name, schema)} />
  return (
    <div className="field">
      <label htmlFor={id}>
        {titleOf(name, schema)}
        {required && <span className="muted"> (needed)</span>}
      </label>
      <Control {...props} schema={plain} id={id} />
      {problem ? (
        <span className="fault" id={`${id}-hint`} role="alert">
          {problem.message} {problem.hint}
        </span>
      ) : (
        schema.description && (
          <span className="hint" id={`${id}-hint`}>
            {schema.description}
          </span>
        )
      )}
    </div>
  )
}

function Nested({ schema, value, onChange, title }: FieldProps & { title: string }) {
  const inner = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  return (
    <fieldset className="field">
      <legend>{title}</legend>
      <FormFromSchema
        schema={schema}
        value={inner}
        onChange={(changed) => {
          onChange(Object.keys(changed).length > 0 ? changed : undefined)
        }}
      />
    </fieldset>
  )
}

function Control({ schema, id, value, problem, required, onChange }: FieldProps & { id: string }) {
  const common = {
    id,
    className: 'input',
    required,
    'aria-describedby': `${id}-hint`,
    'aria-invalid': problem !== undefined,
  }
  const choices = schema.enum ?? (schema.const === undefined ? undefined : [schema.const])
  if (choices)
    return (
      <select
        {...common}
        value={String(value ?? schema.default ?? '')}
        onChange={(event) => {
          onChange(event.target.value || undefined)
        }}
      >
        {!required && <option value="">–</option>}
        {choices.map((choice) => (
          <option key={String(choice)}>{String(choice)}</option>
        ))}
      </select>
    )
  if (schema.type === 'boolean')
    return (
      <input
        id={id}
        type="checkbox"
        aria-describedby={`${id}-hint`}
        checked={Boolean(value ?? schema.default)}
        onChange={(event) => {
          onChange(event.target.checked)
        }}
      />
    )
  if (schema.type === 'number' || schema.type === 'integer')
    return (
      <input
        {...common}
        type="number"
        step={schema.type === 'integer' ? 1 : 'any'}
        min={schema.minimum}
        max={schema.maximum}
        placeholder={schema.default === undefined ? undefined : String(schema.default)}
        value={typeof value === 'number' ? value : ''}
        onChange={(event) => {
          onChange(event.target.value === '' ? undefined : event.target.valueAsNumber)
        }}
      />
    )
  if (schema.type === 'object' || schema.type === 'array')
    return <Lines common={common} schema={schema} value={value} onChange={onChange} />
  return (
    <input
      {...common}
      type="text"
      placeholder={
        schema.default === undefined || schema.default === null ? undefined : String(schema.default)
      }
      value={value === undefined || value === null ? '' : String(value)}
      onChange={(event) => {
        onChange(event.target.value || undefined)
      }}
    />
  )
}

interface LinesProps {
  common: object
  schema: Schema
  value: Value
  onChange: (value: Value) => void
}

/** Lists as lines, mappings as lines of `name=value`. */
function Lines({ common, schema, value, onChange }: LinesProps) {
  const mapping = schema.type === 'object'
  const text = Array.isArray(value)
    ? value.map(String).join('\n')
    : Object.entries(value ?? {})
        .map(([name, one]) => `${name}=${String(one)}`)
        .join('\n')
  return (
    <textarea
      {...common}
      rows={3}
      placeholder={mapping ? 'name=value, one a line' : 'one a line'}
      defaultValue={text}
      onChange={(event) => {
        const lines = event.target.value.split('\n').filter((line) => line.trim())
        const pairs = lines.map((line) => [
          line.split('=')[0]?.trim() ?? '',
          line.slice(line.indexOf('=') + 1).trim(),
        ])
        const read = mapping ? (Object.fromEntries(pairs) as Value) : lines
        onChange(lines.length > 0 ? read : undefined)
      }}
    />
  )
}
