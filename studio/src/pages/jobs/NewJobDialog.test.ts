import { expect, it } from 'vitest'

import { read } from './NewJobDialog'

it('reads a document', () => {
  expect(read('command: echo hi\ninputs: {a: 1}')).toEqual({ command: 'echo hi', inputs: { a: 1 } })
})

it.each(['command: [', 'a: 1\n  b: 2', '- a', 'text', ''])('says what is wrong with %j', (text) => {
  expect(() => read(text)).toThrow()
})
