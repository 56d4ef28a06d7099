import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MaruError } from '#contract/errors.ts'
import { callEngine } from './docker-call.ts'

test('an engine that hangs is away after a while, and says so', async () => {
  const hangs = callEngine(() => new Promise<never>(() => {}), 10)
  await assert.rejects(hangs, (error: MaruError) => {
    assert.equal(error.code, 'hosts.engine_unavailable')
    assert.match(String(error.cause), /did not answer within 0\.01 s/)
    return true
  })
})

test('an answer in time is given as it is, and its refusal too', async () => {
  assert.equal(await callEngine(async () => 'fine', 1_000), 'fine')
  const refused = callEngine(async () => Promise.reject(Object.assign(new Error('no'), { statusCode: 409 })))
  await assert.rejects(refused, { name: 'EngineRefusal', status: 409 })
})
