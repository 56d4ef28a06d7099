import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeInTurn } from './in-turn.ts'

test('work is done in turn, and what fails keeps nobody behind it waiting', async () => {
  const inTurn = makeInTurn()
  const order: string[] = []
  const first = Promise.withResolvers<void>()
  const all = [
    inTurn(async () => {
      await first.promise
      order.push('first')
    }),
    inTurn(async () => {
      order.push('second')
      throw new Error('not today')
    }),
    inTurn(async () => order.push('third')),
  ]
  first.resolve()
  const ends = await Promise.allSettled(all)
  assert.deepEqual(order, ['first', 'second', 'third'])
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})
