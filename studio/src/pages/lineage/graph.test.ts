import { expect, it } from 'vitest'

import { kindsOf, places, titleOf, without, type Lineage } from './graph'

const LINEAGE: Lineage = {
  start: 'job:w/fit',
  nodes: [
    { id: 'data:w/churn/1', kind: 'data', name: 'churn', version: '1' },
    { id: 'job:w/fit', kind: 'job', name: 'fit', version: '' },
    { id: 'model:w/churn/2', kind: 'model', name: 'churn', version: '2' },
  ],
  edges: [
    { source: 'data:w/churn/1', relation: 'input', target: 'job:w/fit' },
    { source: 'job:w/fit', relation: 'output', target: 'model:w/churn/2' },
  ],
}

it('what was there before stands left of what came of it', () => {
  const [data, job, model] = LINEAGE.nodes.map((node) => places(LINEAGE).get(node.id)?.x ?? 0)
  expect(data).toBeLessThan(job ?? 0)
  expect(job).toBeLessThan(model ?? 0)
})

it('kinds are left out with their edges, but not where it begins', () => {
  const left = without(LINEAGE, new Set(['data', 'job']))
  expect(left.nodes.map(titleOf)).toEqual(['fit', 'churn:2'])
  expect(left.edges).toHaveLength(1)
  expect(kindsOf(LINEAGE)).toContainEqual(['data', 1])
})
