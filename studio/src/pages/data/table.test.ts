import { describe, expect, it } from 'vitest'

import { headOf, profilesOf } from './table'

describe('the head of a table', () => {
  it('is read with quotes, other marks and line ends', () => {
    expect(headOf('a,b\n1,"x, ""y"""\r\n2,\n', true)).toEqual({
      columns: ['a', 'b'],
      rows: [
        ['1', 'x, "y"'],
        ['2', ''],
      ],
    })
    expect(headOf('a;b\n1,5;2\n', true).rows).toEqual([['1,5', '2']])
  })
  it('leaves a row out that was cut off', () => {
    expect(headOf('a,b\n1,2\n3', false).rows).toEqual([['1', '2']])
    expect(headOf('a,b\n1,2\n3,4', true).rows).toHaveLength(2)
  })
  it('is no longer than asked for', () => {
    expect(headOf('a\n1\n2\n3\n4\n', true, 2).rows).toEqual([['1'], ['2']])
  })
})

describe('a profile', () => {
  const [age, name, flag] = profilesOf(headOf('age,name,ok\n1,ann,true\n9,bob,false\n,ann,true\n', true))
  it('tells numbers with their range', () => {
    expect(age).toMatchObject({ type: 'integer', missing: 1, distinct: 2, least: '1', most: '9' })
    expect(age?.bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(2)
  })
  it('tells texts by how often they stand there', () => {
    expect(name?.bars[0]).toEqual({ label: 'ann', count: 2 })
    expect(flag?.type).toBe('true or false')
  })
})
