import { expect, it } from 'vitest'

import { branchOf, schemaOf, titleOf } from './schema'

const DOCUMENT = {
  components: {
    schemas: {
      Spec: {
        properties: {
          limits: { anyOf: [{ $ref: '#/components/schemas/Limits' }, { type: 'null' }], title: 'Limits' },
          self: { $ref: '#/components/schemas/Spec' },
        },
      },
      Limits: { type: 'object', properties: { timeout: { type: 'integer' } } },
    },
  },
}

it('puts what a schema refers to in place, and stops where it refers to itself', () => {
  const limits = schemaOf(DOCUMENT, 'Spec').properties?.['limits']
  expect(branchOf(limits ?? {}).properties?.['timeout']).toMatchObject({ type: 'integer' })
})

it('offers of several ways the first that is something', () => {
  expect(
    branchOf({ anyOf: [{ type: 'null' }, { type: 'integer', minimum: 1 }], title: 'Workers' }),
  ).toMatchObject({
    type: 'integer',
    minimum: 1,
    title: 'Workers',
  })
})

it('names a field by its title, else by its words', () => {
  expect(titleOf('display_name', {})).toBe('display name')
  expect(titleOf('x', { title: 'Extent' })).toBe('Extent')
})
