import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longestGapS } from './longest-gap.ts'

const at = (...times: number[]) => times.map((atMs) => ({ atMs }))

test('the longest silence counts from the beginning and up to the end', () => {
  assert.equal(longestGapS(at(1000, 3500, 4000), 0, 5000), 2.5)
  assert.equal(longestGapS(at(4000, 4500), 0, 5000), 4)
  assert.equal(longestGapS(at(100), 0, 5000), 4.9)
  assert.equal(longestGapS([], 0, 5000), 5)
})

test('half an hour of writes is not too much', () => {
  const writes = Array.from({ length: 600_000 }, (_, n) => ({ atMs: n * 3 }))
  assert.ok(Math.abs(longestGapS(writes, 0, 1_800_000) - 0.003) < 1e-9)
})
