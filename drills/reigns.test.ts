import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lateAcknowledgements } from './reigns.ts'

const acks = (text: string) => [...text].map((server, index) => ({ atMs: index, server }))
const lateAt = (text: string) => lateAcknowledgements(acks(text)).map(({ atMs }) => atMs)

test('one server after the other is as it should be', () => {
  assert.deepEqual(lateAt(''), [])
  assert.deepEqual(lateAt('aaa'), [])
  assert.deepEqual(lateAt('aaabbbccc'), [])
})

test('every write that a server acknowledges after its successor began is found', () => {
  assert.deepEqual(lateAt('aabab'), [3])
  assert.deepEqual(lateAt('abbaaab'), [3, 4, 5])
  assert.deepEqual(lateAt('abcab'), [3, 4])
})

test('the order of time counts, not that of the list', () => {
  assert.deepEqual(lateAcknowledgements(acks('aab').reverse()), [])
})
