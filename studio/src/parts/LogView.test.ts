import { expect, it } from 'vitest'

import { linesOf } from './LogView'

it('shows of a line that was rewritten its last form', () => {
  expect(linesOf('10 %\r50 %\r100 %\ndone\n')).toEqual(['100 %', 'done'])
})

it('leaves out colours and movements of terminals', () => {
  expect(linesOf('\u001b[31mred\u001b[0m\r\nplain')).toEqual(['red', 'plain'])
})
