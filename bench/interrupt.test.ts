import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { listenForInterrupt } from './interrupt.ts'

test('the first signal asks for an end in order and says how to end at once, the second ends at once', () => {
  const signals = new EventEmitter()
  const notes: string[] = []
  let ended = 0
  const { signal, leave } = listenForInterrupt({ signals }, { note: (text) => notes.push(text) }, () => {
    ended += 1
  })
  assert.equal(signal.aborted, false)
  signals.emit('SIGTERM')
  assert.deepEqual([signal.aborted, ended], [true, 0])
  assert.match(notes.join('\n'), /being removed\. Once more ends at once/)
  signals.emit('SIGINT')
  assert.equal(ended, 1)
  leave()
  assert.equal(signals.listenerCount('SIGINT') + signals.listenerCount('SIGTERM'), 0)
})
