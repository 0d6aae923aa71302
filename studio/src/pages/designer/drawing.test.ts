import { describe, expect, it } from 'vitest'

import { freeName, join, pasted, removal } from './changes'
import { edited, meaning, within, type Mapping } from './edit'
import { faultsOf, stepsOf } from './Faults'
import { cells } from './Flow'
import { drawn, levelOf, refusal, type Components } from './graph'
import { heightOf, layoutOf, layoutText, placed } from './layout'
import { pythonOf } from './python'
import { begin, reduce } from './useDesign'

const COMPONENTS: Components = {
  'azureml:train:1': {
    type: 'command',
    inputs: { data: { type: 'uri_file' }, rate: { type: 'number', default: 0.5, min: 0, max: 1 } },
    outputs: { model: { type: 'uri_folder' }, score: { type: 'number' } },
  },
  'azureml:whole:1': { type: 'pipeline', jobs: { one: { command: 'ls' } } },
}

const TEXT = `type: pipeline
display_name: two steps
inputs:
  data: {type: uri_file, path: azureml:diabetes:1}
outputs:
  best: {type: uri_folder}
jobs:
  fit:
    component: azureml:train:1
    inputs:
      data: \${{parent.inputs.data}}
    outputs:
      model: \${{parent.outputs.best}}
  report:
    command: echo \${{inputs.score}}
    environment: {python: current}
    inputs:
      score: \${{parent.jobs.fit.outputs.score}}
`
const FITS = {
  number: ['string', 'number'],
  uri_file: ['uri_file', 'uri_folder'],
  uri_folder: ['uri_folder', 'uri_file'],
}

function drawing(text: string) {
  const level = levelOf(meaning(text) ?? {}, [], COMPONENTS)
  return { level, drawing: drawn(level.body, level.path, COMPONENTS) }
}

function box(text: string, id: string) {
  const found = drawing(text).drawing.boxes.find((one) => one.id === id)
  if (!found) throw new Error(id)
  return found
}

describe('a drawing', () => {
  it('has a box for each step, input and output, and a wire for each binding', () => {
    const { boxes, wires } = drawing(TEXT).drawing
    expect(boxes.map((one) => one.id)).toEqual(['input:data', 'step:fit', 'step:report', 'output:best'])
    expect(wires.map((wire) => [wire.source, wire.target])).toEqual([
      ['input:data', 'step:fit'],
      ['step:fit', 'output:best'],
      ['step:fit', 'step:report'],
    ])
  })

  it('types ports by the component, and what is written in place by what it is bound to', () => {
    expect(box(TEXT, 'step:fit').inputs.map(({ name, type, required }) => [name, type, required])).toEqual([
      ['data', 'uri_file', true],
      ['rate', 'number', false],
    ])
    expect(box(TEXT, 'step:report').inputs[0]?.type).toBe('number')
  })

  it('refuses wires that do not fit, and circles', () => {
    const now = drawing(TEXT).drawing
    const to = (port: string) => ({ box: 'step:fit', port })
    expect(refusal(now, FITS, { box: 'input:data', port: 'data' }, to('data'))).toBeUndefined()
    expect(refusal(now, FITS, { box: 'input:data', port: 'data' }, to('rate'))).toContain('takes number')
    const more = edited(TEXT, [{ path: ['jobs', 'report', 'outputs', 'text', 'type'], value: 'uri_file' }])
    expect(refusal(drawing(more).drawing, FITS, { box: 'step:report', port: 'text' }, to('data'))).toContain(
      'wait',
    )
  })

  it('draws what conditions and loops say', () => {
    const more = edited(TEXT, [
      {
        path: ['jobs', 'good'],
        value: {
          type: 'if_else',
          condition: '${{parent.jobs.fit.outputs.score}} > 0.9',
          true_block: '${{parent.jobs.report}}',
        },
      },
    ])
    const labels = drawing(more).drawing.wires.flatMap((wire) =>
      wire.label ? [[wire.source, wire.label, wire.target]] : [],
    )
    expect(labels).toEqual([
      ['step:fit', 'decides', 'step:good'],
      ['step:good', 'true', 'step:report'],
    ])
  })

  it('opens pipelines inside: those in the document to change, registered ones to read', () => {
    const inner = { type: 'pipeline', jobs: { deep: { command: 'ls' } } }
    const document: Mapping = { jobs: { own: { component: inner }, other: { component: 'azureml:whole:1' } } }
    expect(levelOf(document, ['own'], COMPONENTS)).toMatchObject({
      path: ['jobs', 'own', 'component'],
      readOnly: false,
    })
    expect(levelOf(document, ['other'], COMPONENTS)).toMatchObject({
      readOnly: true,
      body: { jobs: { one: {} } },
    })
  })

  it('is laid out from left to right, and boxes stay where they were put', () => {
    const now = drawing(TEXT).drawing
    const points = placed(now)
    expect(points['input:data']?.x).toBeLessThan(points['step:fit']?.x ?? 0)
    expect(points['step:fit']?.x).toBeLessThan(points['step:report']?.x ?? 0)
    expect(placed(now, { 'step:fit': { x: 7, y: 8 } })['step:fit']).toEqual({ x: 7, y: 8 })
    expect(layoutOf(layoutText({ '': points }))).toEqual({ '': points })
    expect(layoutOf(TEXT)).toBeUndefined()
    expect(heightOf(box(TEXT, 'step:fit'))).toBe(102)
  })
})

describe('a change on the canvas', () => {
  it('joins ports', () => {
    const edit = join([], box(TEXT, 'step:fit'), 'model', box(TEXT, 'step:report'), 'score')
    expect(edit).toEqual({
      path: ['jobs', 'report', 'inputs', 'score'],
      value: '${{parent.jobs.fit.outputs.model}}',
    })
  })

  it('takes a step out with every binding to it, and empty words with it', () => {
    const { level, drawing: now } = drawing(TEXT)
    const after = edited(TEXT, removal([], level.body, now, new Set(['step:fit'])))
    expect(meaning(after)).toEqual({
      type: 'pipeline',
      display_name: 'two steps',
      inputs: { data: { type: 'uri_file', path: 'azureml:diabetes:1' } },
      outputs: { best: { type: 'uri_folder' } },
      jobs: { report: { command: 'echo ${{inputs.score}}', environment: { python: 'current' } } },
    })
    const output = edited(TEXT, removal([], level.body, now, new Set(['output:best'])))
    expect(output).not.toContain('best')
    expect(meaning(output)?.['outputs']).toEqual({})
  })

  it('pastes steps under free names, joined among themselves', () => {
    const { level } = drawing(TEXT)
    const jobs = within(level.body, 'jobs') as Record<string, Mapping>
    const copies = pasted(jobs, level.body)
    expect(Object.keys(copies)).toEqual(['fit_2', 'report_2'])
    expect(copies['report_2']?.['inputs']).toEqual({ score: '${{parent.jobs.fit_2.outputs.score}}' })
    expect(copies['fit_2']).not.toHaveProperty('outputs') // the output has its writer
    expect(freeName('2nd step!', [])).toBe('nd_step_')
  })

  it('is undone and done again', () => {
    const first = begin(TEXT, {})
    const second = reduce(first, { do: 'edit', edits: [{ path: ['inputs', 'x'], value: 1 }] })
    const typed = reduce(second, { do: 'edit', edits: [{ path: ['inputs', 'x'], value: 12 }] })
    expect(typed.past).toHaveLength(1) // typing on is one step
    expect(reduce(typed, { do: 'undo' }).now.text).toBe(TEXT)
    expect(reduce(reduce(typed, { do: 'undo' }), { do: 'redo' }).document['inputs']).toHaveProperty('x', 12)
    const broken = reduce(typed, { do: 'write', text: 'jobs: [' })
    expect(broken.document).toEqual(typed.document)
  })
})

describe('faults', () => {
  it('lead to the step, however deep', () => {
    expect(stepsOf('jobs.fit.inputs.data')).toEqual(['fit'])
    expect(stepsOf('jobs.a.component.jobs.b.inputs.x')).toEqual(['a', 'b'])
    expect(stepsOf('component.jobs.b')).toEqual(['b'])
    expect(stepsOf('inputs.data')).toEqual([])
  })

  it('of a text that is no YAML have their line', () => {
    expect(faultsOf('a: 1\nb: [', [])[0]).toMatchObject({ line: 2 })
  })
})

describe('the program', () => {
  it('builds the same pipeline by functions', () => {
    expect(pythonOf(meaning(TEXT) ?? {}, COMPONENTS)).toBe(`from zaffre.ml import Input, MLClient, command
from zaffre.ml.dsl import pipeline

ml = MLClient()
train_component = ml.components.get("train", "1")


@pipeline(display_name="two steps")
def two_steps(data):
    fit = train_component(data=data)
    report = command(
        command="echo \${{inputs.score}}",
        environment={"python": "current"},
        inputs={"score": Input(type="number")},
    )(score=fit.outputs.score)
    return {"best": fit.outputs.model}


job = ml.jobs.create_or_update(two_steps(data=Input(type="uri_file", path="azureml:diabetes:1")))
ml.jobs.stream(job.name)
`)
  })

  it('reads what functions cannot say from YAML', () => {
    expect(pythonOf({ jobs: { 'a-b': { command: 'ls' } } }, {})).toContain('load_job("pipeline.yml")')
  })
})

it('a table’s line is cut where it is no quoted text', () => {
  expect(cells('a,"b, ""c""",', ',')).toEqual(['a', 'b, "c"', ''])
})
