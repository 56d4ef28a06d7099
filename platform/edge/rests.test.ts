import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRests } from './rests.ts'

test('a server is deleted when it has rested, and one that served meanwhile rests anew', () => {
  let now = 0
  const { due } = makeRests(() => now, 100)
  assert.deepEqual(due(['a', 'b']), [])
  now = 99
  assert.deepEqual(due(['a']), [])
  now = 100
  assert.deepEqual(due(['a', 'b']), ['a'])
  now = 199
  assert.deepEqual(due(['b']), [])
  now = 200
  assert.deepEqual(due(['b']), ['b'])
})
