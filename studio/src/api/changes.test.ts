import { QueryClient } from '@tanstack/react-query'
import { expect, it } from 'vitest'

import { readAgain, type Change } from './changes'

function change(kind: string, name: string, parent = ''): Change {
  return { verb: 'update', kind, name, parent, version: '', revision: 2 }
}

function stale(changes: Change[]) {
  const client = new QueryClient()
  const keys = [
    ['w', 'job', 'list', '', {}],
    ['w', 'job', 'one', 'a', '', ''],
    ['w', 'job', 'one', 'b', '', '', 'outputs'],
    ['w', 'data', 'list', '', {}],
    ['other', 'job', 'list', '', {}],
  ]
  for (const key of keys) client.setQueryData(key, 1)
  readAgain(client, 'w', changes)
  return keys.filter((key) => client.getQueryState(key)?.isInvalidated).map((key) => key.join('/'))
}

it('reads lists of the kind and the resource itself again, of this workspace alone', () => {
  expect(stale([change('job', 'a')])).toEqual(['w/job/list//[object Object]', 'w/job/one/a//'])
})

it('reads what lies below a resource again with it', () => {
  expect(stale([change('job', 'b')])).toContain('w/job/one/b///outputs')
})
