/** What a person does on the canvas, as edits of the document. Pure. */

import { isMapping, within, type Edit, type Json, type Mapping } from './edit'
import { bindingOf, type Box, type Drawing } from './graph'

/** Gives a name that is not taken: `train`, `train_2`, ... */
export function freeName(wanted: string, taken: Iterable<string>): string {
  const known = new Set(taken)
  const clean = wanted.replace(/[^\w-]/g, '_').replace(/^[^A-Za-z_]+/, '') || 'step'
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? clean : `${clean.replace(/_\d+$/, '')}_${number}`
    if (!known.has(name)) return name
  }
}

export function join(path: readonly string[], source: Box, port: string, target: Box, to: string): Edit {
  if (target.kind === 'output')
    return {
      path: [...path, 'jobs', source.name, 'outputs', port],
      value: `\${{parent.outputs.${target.name}}}`,
    }
  const from = source.kind === 'input' ? `inputs.${source.name}` : `jobs.${source.name}.outputs.${port}`
  return { path: [...path, 'jobs', target.name, 'inputs', to], value: `\${{parent.${from}}}` }
}

/** Takes boxes and wires out, and every binding to what is gone. */
export function removal(
  path: readonly string[],
  level: Mapping,
  drawing: Drawing,
  ids: ReadonlySet<string>,
): Edit[] {
  const boxes = drawing.boxes.filter((box) => ids.has(box.id))
  const gone = new Set(boxes.filter((box) => box.kind === 'step').map((box) => box.name))
  const wires = drawing.wires.filter(
    (wire) => wire.remove && (ids.has(wire.id) || ids.has(wire.source) || ids.has(wire.target)),
  )
  const left = wires.filter((wire) => !gone.has(wire.remove?.path[path.length + 1] ?? ''))
  const emptied = new Map<string, Edit>()
  for (const wire of left) {
    const holder = wire.remove?.path.slice(0, -1) ?? []
    const inner = within(level, ...holder.slice(path.length))
    const going = left.filter((one) => one.remove?.path.slice(0, -1).join('\0') === holder.join('\0'))
    // The last one goes with the word above it, so that no `inputs: {}` is left.
    if (going.length === Object.keys(inner).length)
      emptied.set(holder.join('\0'), { path: holder, value: undefined })
    else if (wire.remove) emptied.set(wire.remove.path.join('\0'), wire.remove)
  }
  const words = { step: 'jobs', input: 'inputs', output: 'outputs' } as const
  return [
    ...emptied.values(),
    ...boxes.map((box) => ({ path: [...path, words[box.kind], box.name], value: undefined })),
  ]
}

/** Gives steps to put elsewhere: what they bind among themselves stays, other steps are let go of. */
export function pasted(steps: Record<string, Mapping>, level: Mapping): Record<string, Mapping> {
  const taken = new Set(Object.keys(within(level, 'jobs')))
  const names: Record<string, string> = {}
  for (const name of Object.keys(steps)) {
    names[name] = freeName(name, taken)
    taken.add(names[name])
  }
  const inputs = within(level, 'inputs')
  const stays = (value: Json): boolean => {
    const from = bindingOf(value)
    if (!from) return true
    if (from.output && !from.step) return false // an output of the pipeline has one writer
    if (from.input) return from.input in inputs
    return from.step !== undefined && (from.step in names || taken.has(from.step))
  }
  return Object.fromEntries(
    Object.entries(steps).map(([name, step]) => {
      const copy: Mapping = { ...step }
      for (const word of ['inputs', 'outputs']) {
        if (!isMapping(step[word])) continue
        const kept = Object.entries(step[word]).filter(([, value]) => stays(value))
        if (kept.length > 0) copy[word] = Object.fromEntries(kept)
        else Reflect.deleteProperty(copy, word)
      }
      return [names[name] ?? name, renamedBindings(copy, names) as Mapping]
    }),
  )
}

function renamedBindings(value: Json, names: Record<string, string>): Json {
  if (typeof value === 'string')
    return value.replace(
      /(parent\.jobs\.)([\w-]+)/g,
      (_, head: string, name: string) => head + (names[name] ?? name),
    )
  if (Array.isArray(value)) return value.map((one) => renamedBindings(one, names))
  if (!isMapping(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, renamedBindings(one, names)]))
}
