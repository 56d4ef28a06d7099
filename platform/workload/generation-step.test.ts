import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkloadConfig } from '#contract/agent.ts'
import { Host } from '#contract/host-view.ts'
import { FURTHEST_AHEAD, isBelievable } from './generation-step.ts'

test('a host that is ahead is believed as far as a restored database can be behind', () => {
  assert.equal(isBelievable(8, 7), true)
  assert.equal(isBelievable(7 + FURTHEST_AHEAD, 7), true)
  assert.equal(isBelievable(8 + FURTHEST_AHEAD, 7), false)
})

test('what no host can have that refuses is not believed', () => {
  for (const have of [2_147_483_646, 2 ** 53, 7, 6, -1, 8.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.equal(isBelievable(have, 7), false, String(have))
})

test('no side takes a generation that is not exact', () => {
  const workload = (generation: number) => WorkloadConfig.safeParse({ generation, apps: [] }).success
  const host = (generation: number) => Host.shape.generation.safeParse(generation).success
  for (const takes of [workload, host]) {
    assert.equal(takes(Number.MAX_SAFE_INTEGER), true)
    assert.equal(takes(2 ** 53), false)
    assert.equal(takes(8.5), false)
  }
})
