/** The program that makes the same pipeline with the SDK. Pure. */

import { isMapping, within, type Json, type Mapping } from './edit'
import { bindingOf, drawn, levelOf, textOf, type Box, type Components } from './graph'
import { fileName, placeOf } from './source'

const WORD = /^[A-Za-z_]\w*$/
const KEYWORDS = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield ml pipeline command Input'.split(
    ' ',
  ),
)
const TOLD = ['type', 'component', 'inputs', 'outputs']
const IN_PLACE = ['command', 'environment', 'environment_variables', 'code']
const ABOUT = ['display_name', 'description', 'experiment_name', 'tags', 'compute']

/** Gives the program; pipelines that it cannot say in functions are read from their YAML. */
export function pythonOf(document: Mapping, components: Components): string {
  return written(document, components) ?? readFrom(document)
}

function readFrom(document: Mapping): string {
  return `from zaffre.ml import MLClient, load_job

ml = MLClient()

# This pipeline has parts that are easier read as YAML (Export, YAML).
job = ml.jobs.create_or_update(load_job("${fileName(document)}.yml"))
ml.jobs.stream(job.name)
`
}

function written(document: Mapping, components: Components): string | undefined {
  const level = levelOf(document, [], components)
  if (level.path.length > 0 || level.readOnly) return undefined
  const drawing = drawn(level.body, [], components)
  const steps = inOrder(drawing.boxes, level.body)
  const inputs = Object.entries(within(document, 'inputs'))
  const outputs = Object.entries(within(document, 'outputs'))
  const names = [...steps.map((box) => box.name), ...inputs.map(([name]) => name)]
  const plain = outputs.every(
    ([, value]) => !isMapping(value) || Object.keys(value).every((name) => name === 'type'),
  )
  if (
    !plain ||
    !names.every((name) => WORD.test(name) && !KEYWORDS.has(name)) ||
    new Set(names).size < names.length
  )
    return undefined

  const loaded = new Map<string, string>()
  const body: string[] = []
  const returned: string[] = []
  for (const box of steps) {
    const lines = stepLines(box, within(document, 'jobs', box.name), loaded)
    if (!lines) return undefined
    body.push(...lines)
    for (const port of box.outputs) {
      const target = bindingOf(port.value)?.output
      if (target) returned.push(`${literal(target)}: ${box.name}.outputs.${port.name}`)
    }
  }
  const name = identifier(textOf(document['display_name'])) ?? 'drawn'
  if (names.includes(name) || body.length === 0) return undefined
  const call = inputs.map(([key, value]) => `${key}=${valueOf(value)}`).join(', ')
  const needs = ['MLClient', ...(body.concat(call).some((line) => line.includes('Input(')) ? ['Input'] : [])]
  if (body.some((line) => line.includes('command('))) needs.push('command')
  return `from zaffre.ml import ${needs.sort().join(', ')}
from zaffre.ml.dsl import pipeline

ml = MLClient()
${[...loaded].map(([reference, variable]) => `${variable} = ${getter(reference)}\n`).join('')}

@pipeline(${settingsOf(document)})
def ${name}(${inputs.map(([key]) => key).join(', ')}):
${body.map((line) => `    ${line}`).join('\n')}${returned.length > 0 ? `\n    return {${returned.join(', ')}}` : ''}


job = ml.jobs.create_or_update(${name}(${call}))
ml.jobs.stream(job.name)
`
}

/** Gives the steps so that each comes after those whose outputs it takes. */
function inOrder(boxes: Box[], level: Mapping): Box[] {
  const steps = boxes.filter((box) => box.kind === 'step')
  const done: Box[] = []
  const needs = (box: Box) =>
    Object.values(within(level, 'jobs', box.name, 'inputs')).map((value) => bindingOf(value)?.step)
  let left = steps
  while (left.length > 0) {
    const ready = left.filter((box) =>
      needs(box).every((name) => !name || !left.some((one) => one.name === name)),
    )
    if (ready.length === 0) return []
    done.push(...ready)
    left = left.filter((box) => !ready.includes(box))
  }
  return done
}

function stepLines(box: Box, step: Mapping, loaded: Map<string, string>): string[] | undefined {
  const given = box.inputs.filter((port) => port.value !== undefined)
  if (!given.every((port) => WORD.test(port.name)) || !box.outputs.every((port) => WORD.test(port.name)))
    return undefined
  const call = given.map((port) => `${port.name}=${valueOf(port.value ?? null)}`).join(', ')
  const more = Object.entries(step).filter(([name]) => !TOLD.includes(name))
  if (box.reference !== undefined && box.type === 'command') {
    if (box.outputs.some((port) => isMapping(port.value))) return undefined
    const variable =
      loaded.get(box.reference) ?? `${identifier(placeOf(box.reference).name) ?? 'step'}_component`
    if ([...loaded].some(([reference, one]) => one === variable && reference !== box.reference))
      return undefined
    loaded.set(box.reference, variable)
    return [
      `${box.name} = ${variable}(${call})`,
      ...more.map(([name, value]) => `${box.name}.${name} = ${literal(value)}`),
    ]
  }
  if (box.type !== 'command' || typeof step['command'] !== 'string') return undefined
  const fields = Object.entries(step).filter(([name]) => IN_PLACE.includes(name))
  const others = more.filter(([name]) => !IN_PLACE.includes(name))
  const outputs = box.outputs.map(
    (port) => `${literal(port.name)}: {"type": ${literal(port.type ?? 'uri_folder')}}`,
  )
  return [
    `${box.name} = command(`,
    ...fields.map(([name, value]) => `    ${name}=${literal(value)},`),
    ...(given.length > 0
      ? [
          `    inputs={${given.map((port) => `${literal(port.name)}: ${declaredOf(port.type, port.value ?? null)}`).join(', ')}},`,
        ]
      : []),
    ...(outputs.length > 0 ? [`    outputs={${outputs.join(', ')}},`] : []),
    `)(${call})`,
    ...others.map(([name, value]) => `${box.name}.${name} = ${literal(value)}`),
  ]
}

function declaredOf(type: string | undefined, value: Json): string {
  return bindingOf(value) || isMapping(value)
    ? `Input(type=${literal(type ?? 'uri_folder')})`
    : literal(value)
}

function valueOf(value: Json): string {
  const from = bindingOf(value)
  if (from?.input) return from.input
  if (from?.step) return `${from.step}.outputs.${from.output ?? ''}`
  if (!isMapping(value)) return literal(value)
  return `Input(${Object.entries(value)
    .map(([name, inner]) => `${name}=${literal(inner)}`)
    .join(', ')})`
}

function settingsOf(document: Mapping): string {
  const about = ABOUT.filter((name) => document[name] !== undefined).map(
    (name) => [name, document[name] ?? null] as const,
  )
  const settings = Object.entries(within(document, 'settings'))
  return [...about, ...settings].map(([name, value]) => `${name}=${literal(value)}`).join(', ')
}

function getter(reference: string): string {
  const { name, version } = placeOf(reference)
  return version
    ? `ml.components.get(${literal(name)}, ${literal(version)})`
    : `ml.components.get(${literal(name)}, label="latest")`
}

function identifier(text: string): string | undefined {
  const word = text
    .toLowerCase()
    .replace(/\W+/g, '_')
    .replace(/^_+|_+$/g, '')
  return WORD.test(word) && !KEYWORDS.has(word) ? word : undefined
}

/** Writes a value as Python does. */
export function literal(value: Json): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'object' && Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (isMapping(value))
    return `{${Object.entries(value)
      .map(([name, inner]) => `${JSON.stringify(name)}: ${literal(inner)}`)
      .join(', ')}}`
  return JSON.stringify(value)
}
