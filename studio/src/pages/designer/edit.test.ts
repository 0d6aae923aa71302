import { describe, expect, it } from 'vitest'

import { edited, meaning, renamed, type Json } from './edit'

const HAND = `# Nightly training.
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name:   'nightly'   # shown in the list

inputs:
  data: {type: uri_file, path: azureml:diabetes:1}
  rate: 0.9          # found by a sweep
settings:
    default_compute: azureml:local
jobs:
  # Fits the model.
  fit:
    component: azureml:train:1
    inputs:
      data: \${{parent.inputs.data}}
      rate: "\${{parent.inputs.rate}}"   # as above
    outputs:
      model: \${{parent.outputs.model}}

  # Says how good it is.
  report:
    command: >-
      echo "score \${{inputs.score}}" &&
      ls \${{inputs.model}}
    environment: {python: current}
    inputs: {model: "\${{parent.jobs.fit.outputs.model}}", score: "\${{parent.jobs.fit.outputs.score}}"}
    # the end
outputs:
  model: {type: uri_folder}
`

function lines(before: string, after: string): string[] {
  const one = before.split('\n')
  const other = after.split('\n')
  return [
    ...one.filter((line) => !other.includes(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !one.includes(line)).map((line) => `+ ${line}`),
  ]
}

function set(path: string, value: Json | undefined): string {
  return edited(HAND, [{ path: path.split('.'), value }])
}

describe('an edit of hand-written YAML', () => {
  it('that says what is there already changes no byte', () => {
    expect(set('inputs.rate', 0.9)).toBe(HAND)
    expect(set('jobs.fit.inputs.data', '${{parent.inputs.data}}')).toBe(HAND)
  })

  it('of a value changes its line and keeps the comment', () => {
    expect(lines(HAND, set('inputs.rate', 0.5))).toEqual([
      '-   rate: 0.9          # found by a sweep',
      '+   rate: 0.5          # found by a sweep',
    ])
    expect(lines(HAND, set('display_name', 'weekly'))).toEqual([
      "- display_name:   'nightly'   # shown in the list",
      '+ display_name:   weekly   # shown in the list',
    ])
  })

  it('of a value in braces changes only that', () => {
    expect(lines(HAND, set('inputs.data.path', 'azureml:diabetes:2'))).toEqual([
      '-   data: {type: uri_file, path: azureml:diabetes:1}',
      '+   data: {type: uri_file, path: azureml:diabetes:2}',
    ])
    const bound = set('jobs.report.inputs.model', '${{parent.jobs.other.outputs.model}}')
    expect(lines(HAND, bound)).toHaveLength(2)
    expect(bound).toContain('"${{parent.jobs.other.outputs.model}}", score')
  })

  it('adds a line where there are lines, and a pair where there are braces', () => {
    expect(lines(HAND, set('jobs.fit.inputs.note', 'new'))).toEqual(['+       note: new'])
    expect(lines(HAND, set('settings.force_rerun', true))).toEqual(['+     force_rerun: true'])
    expect(lines(HAND, set('jobs.report.inputs.more', 3)).at(-1)).toContain(', more: 3}')
    expect(lines(HAND, set('jobs.fit.limits.timeout', 60))).toEqual(['+     limits:', '+       timeout: 60'])
  })

  it('adds a step after the last one', () => {
    const after = set('jobs.last', {
      component: 'azureml:train:1',
      inputs: { data: '${{parent.inputs.data}}' },
    })
    expect(lines(HAND, after)).toEqual(['+   last:'])
    expect(after.indexOf('last:')).toBeLessThan(after.indexOf('outputs:\n  model: {'))
    expect(meaning(after)?.['jobs']).toHaveProperty('last.inputs.data')
  })

  it('takes a step out with the comment above it, and nothing else', () => {
    const after = set('jobs.report', undefined)
    expect(after).not.toContain('Says how good')
    expect(after).toContain('# Fits the model.')
    expect(HAND.startsWith(after.slice(0, after.indexOf('\n\n', after.indexOf('fit:'))))).toBe(true)
    expect(after.endsWith('outputs:\n  model: {type: uri_folder}\n')).toBe(true)
  })

  it('takes a line out', () => {
    expect(lines(HAND, set('jobs.fit.inputs.rate', undefined))).toEqual([
      '-       rate: "${{parent.inputs.rate}}"   # as above',
    ])
    expect(lines(HAND, set('jobs.report.inputs.model', undefined)).at(-1)).toBe(
      '+     inputs: {score: "${{parent.jobs.fit.outputs.score}}"}',
    )
  })

  it('leaves empty braces where the last one is taken out', () => {
    expect(lines(HAND, set('jobs.fit.outputs.model', undefined)).at(-1)).toBe('+       {}')
  })

  it('replaces folded text', () => {
    const after = set('jobs.report.command', 'echo done')
    expect(meaning(after)?.['jobs']).toHaveProperty('report.command', 'echo done')
    expect(after).toContain('    environment: {python: current}\n    inputs: {model')
    const more = set('jobs.report.command', 'echo one\necho two\n')
    expect(more).toContain('    command: |\n      echo one\n      echo two\n    environment')
  })

  it('begins an empty document', () => {
    expect(edited('', [{ path: ['jobs', 'a', 'command'], value: 'ls' }])).toBe(
      'jobs:\n  a:\n    command: ls\n',
    )
    expect(edited('type: pipeline\njobs:\n', [{ path: ['jobs', 'a', 'command'], value: 'ls' }])).toBe(
      'type: pipeline\njobs:\n  a:\n    command: ls\n',
    )
    expect(edited('jobs: {}\n', [{ path: ['jobs', 'a', 'command'], value: 'ls' }])).toBe(
      'jobs:\n  a:\n    command: ls\n',
    )
  })

  it('keeps anchors right, written by the library', () => {
    const shared = 'one: &it {a: 1} # kept\ntwo: *it\n'
    expect(meaning(edited(shared, [{ path: ['two', 'a'], value: 2 }]))).toEqual({
      one: { a: 1 },
      two: { a: 2 },
    })
  })

  it('renames a step with what binds it', () => {
    const after = renamed(HAND, ['jobs', 'fit'], 'train', 'jobs')
    expect(lines(HAND, after)).toHaveLength(4)
    expect(after).toContain('score: "${{parent.jobs.train.outputs.score}}"')
    expect(after).toContain('  # Fits the model.\n  train:\n')
    expect(renamed(HAND, ['inputs', 'rate'], 'speed', 'inputs')).toContain('rate: "${{parent.inputs.speed}}"')
  })
})
