import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as settled } from 'node:timers/promises'
import { watchNames } from './name-watch.ts'

const NAME = 'api.example.org'
const INSIDE = ['10.89.0.0/16', '192.0.2.1']

/** A watch whose clock and name server the test moves. */
function openWatch(names = [NAME]) {
  let now = 1_000_000
  let said: string[] | Error = []
  const watch = watchNames(
    async () => {
      if (said instanceof Error) throw said
      return said
    },
    () => now,
  )
  return async (answer: string[] | Error, laterMs = 60_000) => {
    said = answer
    now += laterMs
    watch.keep(names, INSIDE)
    await settled()
    return watch.refused()
  }
}

test('a name that means an address inside is told of, until it means another', async () => {
  const look = openWatch()
  assert.deepEqual(await look(['198.51.100.7']), [])
  const inside = ['10.1.2.3', '127.0.0.1', '169.254.169.254', '168.63.129.16', '10.89.0.11', '192.0.2.1']
  for (const address of inside) assert.deepEqual(await look(['198.51.100.7', address]), [NAME], address)
  assert.deepEqual(await look(['198.51.100.7'], 59_000), [NAME])
  assert.deepEqual(await look(['198.51.100.7']), [])
})

test('a server that does not answer changes nothing', async () => {
  const look = openWatch()
  await look(['10.1.2.3'])
  assert.deepEqual(await look(new Error('no answer')), [NAME])
})

test('a name of a link, which no name server knows, is told of without asking', async () => {
  assert.deepEqual(await openWatch(['printer.local'])(['198.51.100.7']), ['printer.local'])
})
