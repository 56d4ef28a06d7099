import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slicesAbove } from './build-cgroup.ts'

test('each dash of a slice is a slice above it', () => {
  assert.deepEqual(slicesAbove('maru-build-x7'), ['maru.slice', 'maru-build.slice'])
  assert.deepEqual(slicesAbove('maru'), [])
})
