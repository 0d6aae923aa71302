import { expect, it } from 'vitest'

import type { Job } from './job'
import { flattened, listed } from './search'

function job(name: string): Job {
  return { name } as Job
}

it('puts the children of open jobs below them, as deep as they are open', () => {
  const below = new Map([
    ['a', [job('a1'), job('a2')]],
    ['a1', [job('a11')]],
  ])
  const rows = flattened([job('a'), job('b')], new Set(['a', 'a1', 'b']), below)
  expect(rows.map((row) => `${row.depth} ${row.name}`)).toEqual(['0 a', '1 a1', '2 a11', '1 a2', '0 b'])
})

it('leaves what is closed closed', () => {
  expect(flattened([job('a')], new Set(), new Map([['a', [job('a1')]]]))).toHaveLength(1)
})

it('says the same as a command', () => {
  expect(listed({ state: 'Failed', parent_job_name: '' })).toEqual(['--state', 'Failed'])
})
