import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeBell } from './notify.ts'

function bellWithRing() {
  let ring = () => {}
  const bell = makeBell((listener) => {
    ring = listener
    return () => undefined
  })
  return { bell, ring: () => ring() }
}

test('a ring before the wait ends it at once, and only once', async () => {
  const { bell, ring } = bellWithRing()
  ring()
  ring()
  assert.equal(await bell.wait(1_000), true)
  assert.equal(await bell.wait(1), false)
})

test('a ring, the time and an abort each end a wait', async () => {
  const { bell, ring } = bellWithRing()
  const waiting = bell.wait(1_000)
  ring()
  assert.equal(await waiting, true)
  assert.equal(await bell.wait(1), false)
  const gone = new AbortController()
  const aborted = bell.wait(1_000, gone.signal)
  gone.abort()
  assert.equal(await aborted, false)
  assert.equal(await bell.wait(1_000, gone.signal), false)
})
