import { describe, expect, it } from 'vitest'

import { sampleOf, sampleOfDocument, tableOf, withCell } from './sample'

describe('a sample request', () => {
  it('is the example where there is one', () => {
    expect(sampleOf({ type: 'object', example: { data: [[1, 2]] } })).toEqual({ data: [[1, 2]] })
    expect(sampleOfDocument({ components: { schemas: { ServiceInput: { example: 5 } } } })).toBe(5)
  })
  it('is made of the types otherwise', () => {
    const schema = {
      type: 'object',
      properties: {
        age: { type: 'integer' },
        name: { type: ['string', 'null'] },
        kind: { enum: ['a', 'b'] },
        rows: { type: 'array', items: { type: 'array', items: { type: 'number' } } },
      },
    }
    expect(sampleOf(schema)).toEqual({ age: 0, name: '', kind: 'a', rows: [[0]] })
  })
  it('is empty where nothing is known', () => {
    expect(sampleOfDocument(undefined)).toEqual({})
  })
})

describe('a request that is a table', () => {
  const text = JSON.stringify({ input_data: { columns: ['a', 'b'], index: [0], data: [[1, 'x']] } })
  it('is read', () => {
    expect(tableOf(text)).toEqual({ columns: ['a', 'b'], data: [[1, 'x']] })
    expect(tableOf('{"data": [[1]]}')).toBeUndefined()
    expect(tableOf('{')).toBeUndefined()
  })
  it('is written cell by cell, texts as texts', () => {
    const changed = withCell(withCell(text, 0, 0, '2.5'), 0, 1, '7')
    expect(tableOf(changed)?.data).toEqual([[2.5, '7']])
  })
})
