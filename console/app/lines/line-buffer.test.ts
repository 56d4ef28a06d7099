import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeLineBuffer } from './line-buffer.ts'

const line = (text: string) => ({ source: 'web.1', text, at: null })

test('a flood is shown in few steps, newest lines kept, the number of older ones known', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const buffer = makeLineBuffer(100)
  let shows = 0
  buffer.subscribe(() => {
    shows += 1
  })
  for (let n = 0; n < 10_000; n += 1) buffer.add(line(`line ${n}`))
  assert.equal(buffer.current().shown.length, 0)
  t.mock.timers.tick(100)
  assert.equal(shows, 1)
  assert.equal(buffer.current().shown.length, 100)
  assert.equal(buffer.current().shown.at(-1)?.text, 'line 9999')
  assert.equal(buffer.current().leftOut, 9900)
})

test('keys stay unique and in order while lines are let go', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const buffer = makeLineBuffer(3)
  for (const text of ['a', 'b']) buffer.add(line(text))
  t.mock.timers.tick(100)
  for (const text of ['c', 'd', 'e']) buffer.add(line(text))
  t.mock.timers.tick(100)
  assert.deepEqual(
    buffer.current().shown.map(({ key, text }) => `${key} ${text}`),
    ['2 c', '3 d', '4 e'],
  )
})

test('after clearing nothing is left', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const buffer = makeLineBuffer(10)
  buffer.add(line('a'))
  buffer.clear()
  t.mock.timers.tick(1000)
  assert.deepEqual(buffer.current(), { shown: [], leftOut: 0 })
})
