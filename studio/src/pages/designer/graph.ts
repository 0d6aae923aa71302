/** What is drawn of a pipeline's document: boxes with typed ports, and wires. Pure. */

import { isMapping, within, type Edit, type Json, type Mapping } from './edit'

export interface Port {
  name: string
  /** Left out where nobody says it: such a port takes and gives anything. */
  type?: string
  required?: boolean
  /** What the component says of it: `min`, `max`, `enum`, `default`, `description`. */
  declared?: Mapping
  value?: Json
}

export interface Box {
  id: string
  kind: 'step' | 'input' | 'output'
  name: string
  /** `command`, `pipeline`, `parallel`, `sweep`, `if_else`, `do_while`, `parallel_for`; the type of data. */
  type: string
  about?: string
  /** The registered component that a step is, as it is written. */
  reference?: string
  /** The component is not there, or not read yet. */
  unknown?: boolean
  inputs: Port[]
  outputs: Port[]
  /** It has steps inside. */
  opens?: boolean
}

export interface Wire {
  id: string
  source: string
  sourcePort: string
  target: string
  targetPort: string
  /** What it means beside data: `true`, `false`, `condition`, `repeats`. */
  label?: string
  /** Taking the wire out. */
  remove?: Edit
}

export interface Drawing {
  boxes: Box[]
  wires: Wire[]
}

/** The documents of registered components, by reference; `null` where there is none. */
export type Components = Record<string, Mapping | null | undefined>

export const LITERALS = ['string', 'number', 'integer', 'boolean']
export const ANY = '*'
const BINDING = /^\s*\$\{\{\s*parent\.(inputs|outputs|jobs)\.([\w-]+)(?:\.outputs\.([\w-]+))?\s*\}\}\s*$/
const STEPS = /parent\.jobs\.([\w-]+)/g

export interface Binding {
  step?: string
  input?: string
  output?: string
}

/** Reads `${{parent.inputs.x}}`, `${{parent.jobs.s.outputs.x}}`, `${{parent.outputs.x}}`. */
export function bindingOf(value: Json | undefined): Binding | undefined {
  const text = isMapping(value) ? value['path'] : value
  const found = typeof text === 'string' ? BINDING.exec(text) : null
  if (!found) return undefined
  const [, group, name = '', output] = found
  if (group === 'inputs') return { input: name }
  if (group === 'outputs') return { output: name }
  return output ? { step: name, output } : undefined
}

export interface Level {
  /** What has the steps: the document, or something in it. */
  body: Mapping
  /** Where it is in the document; what a registered component has is read only. */
  path: string[]
  readOnly: boolean
}

/** Gives the level that the names of steps lead to, each inside the one before. */
export function levelOf(document: Mapping, names: readonly string[], components: Components): Level {
  let level = opened({ body: document, path: [], readOnly: false }, components)
  for (const name of names) {
    const body = within(level.body, 'jobs', name)
    level = opened({ ...level, body, path: [...level.path, 'jobs', name] }, components)
  }
  return level
}

function opened(level: Level, components: Components): Level {
  const component = level.body['component']
  if (typeof component === 'string') return { ...level, body: components[component] ?? {}, readOnly: true }
  if (!isMapping(component)) return level
  return { ...level, body: component, path: [...level.path, 'component'] }
}

/** Lists the registered components that a document names, however deep. */
export function referencesOf(value: Json | undefined, found = new Set<string>()): Set<string> {
  if (!isMapping(value)) return found
  for (const word of ['component', 'trial']) {
    const component = value[word]
    if (typeof component === 'string') found.add(component)
    else referencesOf(component, found)
  }
  for (const step of Object.values(within(value, 'jobs'))) referencesOf(step, found)
  return found
}

export function drawn(level: Mapping, path: readonly string[], components: Components): Drawing {
  const steps = Object.entries(within(level, 'jobs')).filter((entry): entry is [string, Mapping] =>
    isMapping(entry[1]),
  )
  const boxes = [
    ...Object.entries(within(level, 'inputs')).map(([name, value]) => inputBox(name, value)),
    ...steps.map(([name, step]) => stepBox(name, step, components)),
    ...Object.entries(within(level, 'outputs')).map(([name, value]) => outputBox(name, value)),
  ]
  const known = new Map(boxes.map((box) => [box.id, box]))
  const wires = steps.flatMap(([name, step]) => [
    ...dataWires(name, step, path, known),
    ...controlWires(name, step, known),
  ])
  return { boxes: boxes.map((box) => withTypes(box, wires, known)), wires }
}

function inputBox(name: string, value: Json): Box {
  const type = isMapping(value) ? textOf(value['type']) || 'uri_folder' : literalType(value)
  const about = isMapping(value) ? textOf(value['path'] ?? value['default']) : textOf(value)
  return {
    id: `input:${name}`,
    kind: 'input',
    name,
    type,
    about,
    inputs: [],
    outputs: [{ name, type, value }],
  }
}

function outputBox(name: string, value: Json): Box {
  const type = (isMapping(value) && textOf(value['type'])) || 'uri_folder'
  return { id: `output:${name}`, kind: 'output', name, type, inputs: [{ name, type }], outputs: [] }
}

export function literalType(value: Json): string {
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return 'string'
}

function stepBox(name: string, step: Mapping, components: Components): Box {
  const said = step['component'] ?? step['trial']
  const reference = typeof said === 'string' ? said : undefined
  const body = reference === undefined ? (isMapping(said) ? said : undefined) : components[reference]
  const type = typeOf(step, body ?? undefined)
  return {
    id: `step:${name}`,
    kind: 'step',
    name,
    type,
    about: reference ?? textOf(body?.['name'] ?? step['display_name'] ?? step['command']),
    reference,
    unknown: reference !== undefined && !body,
    inputs: inputsOf(step, body),
    outputs: outputsOf(step, body),
    opens: isMapping((body ?? step)['jobs']),
  }
}

function typeOf(step: Mapping, body: Mapping | undefined): string {
  if ('trial' in step) return 'sweep'
  const said = textOf(step['type']).toLowerCase() || textOf(body?.['type']).toLowerCase()
  return (
    said ||
    (isMapping((body ?? step)['jobs'])
      ? 'pipeline'
      : isMapping((body ?? step)['task'])
        ? 'parallel'
        : 'command')
  )
}

function inputsOf(step: Mapping, body: Mapping | null | undefined): Port[] {
  const given = within(step, 'inputs')
  const varied = within(step, 'search_space')
  const declared = within(body ?? {}, 'inputs')
  const names = new Set([...Object.keys(declared), ...Object.keys(given)])
  return [...names].map((name) => {
    const about = declared[name]
    if (!isMapping(about)) return { name, type: givenType(given[name]), value: given[name] }
    const optional = about['optional'] === true || 'default' in about || 'path' in about || name in varied
    return {
      name,
      type: textOf(about['type']) || undefined,
      required: !optional,
      declared: about,
      value: given[name],
    }
  })
}

/** Gives the type of what a step written in place is given; what is bound has that of where it comes from. */
function givenType(value: Json | undefined): string | undefined {
  if (isMapping(value)) return textOf(value['type']) || undefined
  return value === undefined || value === null || bindingOf(value) ? undefined : literalType(value)
}

function outputsOf(step: Mapping, body: Mapping | null | undefined): Port[] {
  const said = within(step, 'outputs')
  const declared = within(body ?? {}, 'outputs')
  const names = new Set([...Object.keys(declared), ...Object.keys(said)])
  return [...names].map((name) => {
    const own = said[name]
    const type =
      (isMapping(own) && textOf(own['type'])) || textOf(within(declared[name])['type']) || 'uri_folder'
    return { name, type, value: own, declared: isMapping(declared[name]) ? declared[name] : undefined }
  })
}

function dataWires(name: string, step: Mapping, path: readonly string[], known: Map<string, Box>): Wire[] {
  const found: Wire[] = []
  const join = (source: string, sourcePort: string, target: string, targetPort: string, at: string[]) => {
    if (!known.has(source) || !known.has(target)) return
    const remove = { path: [...path, 'jobs', name, ...at], value: undefined }
    found.push({
      id: `${source}.${sourcePort}>${target}.${targetPort}`,
      source,
      sourcePort,
      target,
      targetPort,
      remove,
    })
  }
  for (const [port, value] of Object.entries(within(step, 'inputs'))) {
    const from = bindingOf(value)
    if (from?.input) join(`input:${from.input}`, from.input, `step:${name}`, port, ['inputs', port])
    if (from?.step) join(`step:${from.step}`, from.output ?? '', `step:${name}`, port, ['inputs', port])
  }
  for (const [port, value] of Object.entries(within(step, 'outputs'))) {
    const to = bindingOf(value)?.output
    if (to) join(`step:${name}`, port, `output:${to}`, to, ['outputs', port])
  }
  return found
}

/** Gives what control nodes say of other steps; these wires are changed in the text. */
function controlWires(name: string, step: Mapping, known: Map<string, Box>): Wire[] {
  const me = `step:${name}`
  const to = (words: string[], label: string, backwards = false): Wire[] =>
    words.flatMap((word) =>
      [...textOf(step[word]).matchAll(STEPS)].flatMap(([, other = '']) => {
        const [source, target] = backwards ? [`step:${other}`, me] : [me, `step:${other}`]
        if (!known.has(`step:${other}`) || source === target) return []
        return [
          { id: `${source}~${label}~${target}`, source, sourcePort: ANY, target, targetPort: ANY, label },
        ]
      }),
    )
  const loop = textOf(step['type']).toLowerCase()
  if (loop === 'if_else')
    return [
      ...to(['condition'], 'decides', true),
      ...to(['true_block'], 'true'),
      ...to(['false_block'], 'false'),
    ]
  if (loop === 'do_while' || loop === 'parallel_for')
    return [...to(['body'], 'repeats'), ...to(['items'], 'items', true)]
  return []
}

/** Gives ports without a type that of what they are bound to. */
function withTypes(box: Box, wires: Wire[], known: Map<string, Box>): Box {
  const typed = (port: Port): Port => {
    if (port.type) return port
    const wire = wires.find((one) => one.target === box.id && one.targetPort === port.name)
    const source = wire && known.get(wire.source)?.outputs.find((one) => one.name === wire.sourcePort)
    return source?.type ? { ...port, type: source.type } : port
  }
  return box.inputs.every((port) => port.type) ? box : { ...box, inputs: box.inputs.map(typed) }
}

export function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Which types of outputs each type of input takes, as the server says. */
export type Fits = Record<string, string[]>

/** Says why two ports cannot be joined; nothing if they can. */
export function refusal(
  drawing: Drawing,
  fits: Fits,
  from: { box: string; port: string },
  to: { box: string; port: string },
): string | undefined {
  const source = drawing.boxes.find((box) => box.id === from.box)
  const target = drawing.boxes.find((box) => box.id === to.box)
  const output = source?.outputs.find((port) => port.name === from.port)
  const input = target?.inputs.find((port) => port.name === to.port)
  if (!source || !target || !output || !input) return 'There is no such port.'
  if (source.kind === 'input' && target.kind === 'output') return 'Only steps write outputs of the pipeline.'
  if (reaches(drawing, target.id, source.id)) return 'The steps would wait for each other.'
  const allowed = output.type ? fits[output.type] : undefined
  if (!input.type || !allowed || allowed.includes(input.type)) return undefined
  return `\`${input.name}\` takes ${input.type}; this is ${output.type ?? ''}.`
}

function reaches(drawing: Drawing, from: string, to: string): boolean {
  const seen = new Set([from])
  for (const at of seen) for (const wire of drawing.wires) if (wire.source === at) seen.add(wire.target)
  return seen.has(to)
}
