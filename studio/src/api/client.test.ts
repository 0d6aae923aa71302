import { expect, it } from 'vitest'

import { address } from './client'
import { collection, one } from './kinds'

it('quotes parameters of paths and leaves out empty ones of the query', () => {
  expect(address('/api/{name}/x', { name: 'a b?' }, { limit: 5, after: '', q: 'é&' })).toBe(
    '/api/a%20b%3F/x?limit=5&q=%C3%A9%26',
  )
})

it('knows where deployments lie', () => {
  expect(collection('w', 'online_deployment', 'e')).toBe(
    '/api/v1/workspaces/w/online-endpoints/e/online-deployments',
  )
  expect(one('w', 'data', { name: 'iris', version: '2' })).toBe('/api/v1/workspaces/w/data/iris/versions/2')
})
