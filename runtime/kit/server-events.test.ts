import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { readServerEvents } from './server-events.ts'

const eventsOf = (text: string) =>
  Array.fromAsync(readServerEvents(Readable.from([Buffer.from(text)], { objectMode: true })))

test('events have their id and data; heartbeats are left out', async () => {
  assert.deepEqual(
    await eventsOf(':hi\n\nid: 1\ndata: {"a":1}\n\n: heartbeat\n\nevent: error\nid:2\ndata:x\ndata:y\n\n'),
    [
      { name: 'message', id: '1', data: '{"a":1}' },
      { name: 'error', id: '2', data: 'x\ny' },
    ],
  )
})

test('an event that was cut off is not delivered', async () => {
  assert.deepEqual(await eventsOf('id: 1\ndata: whole\n\nid: 2\ndata: {"torn":'), [
    { name: 'message', id: '1', data: 'whole' },
  ])
})
