import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lateAcknowledgements } from './reigns.ts'

/** One write after the other, by these servers; each takes as long as the next one waits. */
const writes = (text: string) =>
  [...text].map((server, index) => ({ begunMs: index - 0.5, atMs: index, server }))
const lateAt = (text: string) => lateAcknowledgements(writes(text)).map(({ atMs }) => atMs)

test('one server after the other is as it should be', () => {
  assert.deepEqual(lateAt(''), [])
  assert.deepEqual(lateAt('aaa'), [])
  assert.deepEqual(lateAt('aaabbbccc'), [])
})

test('every write that a server takes after its successor began is found', () => {
  assert.deepEqual(lateAt('aabab'), [3])
  assert.deepEqual(lateAt('abbaaab'), [3, 4, 5])
  assert.deepEqual(lateAt('abcab'), [3, 4])
})

test('the order of time counts, not that of the list', () => {
  assert.deepEqual(lateAcknowledgements(writes('aab').reverse()), [])
})

test('a write that was begun before the change may be answered after it', () => {
  const before = { begunMs: 1, atMs: 9, server: 'a' }
  assert.deepEqual(lateAcknowledgements([...writes('aabb'), before]), [])
  assert.equal(lateAcknowledgements([...writes('aabb'), { ...before, begunMs: 3 }]).length, 1)
})
