import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uidOf } from './check-image.ts'

test('the number of a user; of several entries the most powerful, and of a strange one that of root', () => {
  assert.equal(uidOf('root:x:0:0\nnode:x:1000:1000:::\n', 'node'), 1000)
  assert.equal(uidOf('node:x:1000:1000\nnode:x:0:0\n', 'node'), 0)
  assert.equal(uidOf('node:x:+0:0\n', 'node'), 0)
  assert.equal(uidOf('root:x:0:0\n', 'node'), undefined)
})
