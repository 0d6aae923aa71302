import { expect, it } from 'vitest'

import { triggerWords } from './trigger'

it('says a trigger in words', () => {
  expect(triggerWords({ type: 'cron', expression: '0 2 * * *', time_zone: 'UTC' })).toBe('0 2 * * * (UTC)')
  expect(triggerWords({ type: 'recurrence', frequency: 'day', interval: 1 })).toBe('every day')
  expect(triggerWords({ type: 'recurrence', frequency: 'hour', interval: 6 })).toBe('every 6 hours')
  expect(triggerWords({ type: 'data', path: 'azureml:sales' })).toBe('new data at azureml:sales')
})
