import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeWatch, SILENT_MS } from './silence.ts'

const one = (beat: number) => [{ id: 'one', beat }]

/** Looks once a second, each time with the next of these beats; gives who was silent at the end. */
function lookAt(beats: readonly number[]): string[] {
  const watch = makeWatch()
  return beats.map((beat, second) => watch.look(one(beat), second * 1_000)).at(-1) ?? []
}

test('who does not move for five seconds is silent, and not a moment earlier', () => {
  assert.equal(SILENT_MS, 5_000)
  assert.deepEqual(lookAt([7, 7, 7, 7, 7]), [])
  assert.deepEqual(lookAt([7, 7, 7, 7, 7, 7]), ['one'])
})

test('who moves in between is not silent, also when its number goes back after a failover', () => {
  assert.deepEqual(lookAt([7, 7, 7, 8, 8, 8, 8, 8]), [])
  assert.deepEqual(lookAt([7, 7, 7, 6, 6, 6, 6, 6]), [])
})

test('time in which nobody looked is no silence', () => {
  const watch = makeWatch()
  assert.deepEqual(watch.look(one(7), 0), [])
  assert.deepEqual(watch.look(one(7), 60_000), [])
  assert.deepEqual(watch.look(one(7), 62_000), [])
  assert.deepEqual(watch.look(one(7), 64_000), [])
  assert.deepEqual(watch.look(one(7), 65_000), ['one'])
})

test('one that is gone is forgotten', () => {
  const watch = makeWatch()
  watch.look(one(7), 0)
  watch.look([], 1_000)
  for (const second of [2, 3, 4, 5, 6]) assert.deepEqual(watch.look(one(7), second * 1_000), [])
})
