/** What a choice from the palette adds to the document. Pure. */

import { freeName } from './changes'
import { within, type Edit, type Json } from './edit'
import type { Level } from './graph'
import type { Choice } from './StepPicker'

/** Gives the edits, and the box that comes of them. */
export function added(choice: Choice, level: Level): { edits: Edit[]; id: string } {
  const free = (word: string, wanted: string) => freeName(wanted, Object.keys(within(level.body, word)))
  const at = (word: string, name: string, value: Json): Edit => ({ path: [...level.path, word, name], value })
  switch (choice.what) {
    case 'component': {
      const name = free('jobs', choice.name)
      return {
        edits: [at('jobs', name, { component: `azureml:${choice.name}:${choice.version}` })],
        id: `step:${name}`,
      }
    }
    case 'data': {
      const name = free('inputs', choice.name)
      const value = { type: choice.type, path: `azureml:${choice.name}:${choice.version}` }
      return { edits: [at('inputs', name, value)], id: `input:${name}` }
    }
    case 'command': {
      const name = free('jobs', 'step')
      return {
        edits: [at('jobs', name, { command: 'echo Hello', environment: { python: 'current' } })],
        id: `step:${name}`,
      }
    }
    case 'value': {
      const name = free('inputs', 'value')
      return { edits: [at('inputs', name, 1)], id: `input:${name}` }
    }
    case 'output': {
      const name = free('outputs', 'result')
      return { edits: [at('outputs', name, { type: 'uri_folder' })], id: `output:${name}` }
    }
  }
}
