import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testFiles } from './test-files.ts'
import { inOrder, testOrder } from './test-order.ts'

test('labs come first, what breaks the installation last, and every file once', () => {
  const files = testFiles('system')
  const { labs, sharing, apart, waiting, alone } = testOrder(files)
  assert.ok(labs.length > 0 && sharing.length > 0 && apart.length > 0)
  assert.ok(alone.includes('tests/failover.system.test.ts'))
  assert.equal(waiting.length, 4)
  assert.deepEqual([...labs, ...sharing, ...apart, ...waiting, ...alone].sort(), files)
  assert.deepEqual(testOrder(['lab/x.long.test.ts']).alone, ['lab/x.long.test.ts'])
})

test('two files at a time where they may, beside one that waits; one where they may not; a row that is free takes the next', async () => {
  const order = {
    labs: ['l1', 'l2'],
    sharing: ['s1', 's2'],
    apart: ['a1', 'a2', 'a3', 'a4'],
    waiting: ['w1', 'w2'],
    alone: ['z1', 'z2'],
  }
  const waiting = new Map<string, () => void>()
  const began: string[] = []
  const done = inOrder(order, (file) => {
    began.push(file)
    return new Promise((resolve) => waiting.set(file, resolve))
  })
  const end = async (file: string) => {
    waiting.get(file)?.()
    await new Promise(setImmediate)
  }
  for (const file of ['l1', 'l2', 's1', 's2', 'a2', 'a1']) await end(file)
  assert.deepEqual(began, ['l1', 'l2', 's1', 'a1', 'w1', 's2', 'a2', 'a3', 'a4'])
  for (const file of ['w1', 'a3', 'a4']) await end(file)
  assert.deepEqual(began.slice(9), ['w2'])
  for (const file of ['w2', 'z1', 'z2']) await end(file)
  assert.deepEqual(began.slice(10), ['z1', 'z2'])
  await done
})
