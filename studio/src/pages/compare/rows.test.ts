import { expect, it } from 'vitest'

import { comparedOf } from './rows'

const run = (id: string, lr: string, loss: number) => ({
  info: { run_id: id, run_name: `run ${id}`, experiment_id: '1', status: 'FINISHED', start_time: 1 },
  data: {
    params: [{ key: 'lr', value: lr }],
    metrics: [
      { key: 'loss', value: loss, timestamp: 1, step: 1 },
      { key: 'system/cpu', value: 1, timestamp: 1, step: 1 },
    ],
  },
})

it('puts runs in the order asked for, with params and metrics', () => {
  const found = comparedOf([run('a', '0.1', 2), run('b', '0.2', 1)], ['b', 'a'])
  expect(found.rows.map((row) => row.id)).toEqual(['b', 'a'])
  expect(found.params).toEqual(['lr'])
  expect(found.metrics).toEqual(['loss'])
  expect(found.rows[0]?.values).toEqual({ lr: '0.2', loss: 1 })
})
