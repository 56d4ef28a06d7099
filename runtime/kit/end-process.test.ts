import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

const BYTES = 3_000_000
const MODULE = pathToFileURL(join(import.meta.dirname, 'end-process.ts')).href
/** Has a connection that would keep it alive, says more than a pipe holds, on both streams, and ends. */
const program = `
  import { endProcess } from ${JSON.stringify(MODULE)}
  setInterval(() => {}, 1000)
  process.stdout.on('error', () => {})
  process.exitCode = 3
  process.stdout.write('o'.repeat(${BYTES}))
  process.stderr.write('e'.repeat(${BYTES}))
  await endProcess()`

const start = () => spawn(process.execPath, ['--input-type=module', '-e', program])

test('a reader that is slow gets all that was said, then the program ends with its exit code', async () => {
  const child = start()
  const closed = once(child, 'close')
  let [out, err] = [0, 0]
  child.stderr.on('data', (piece: Buffer) => {
    err += piece.length
  })
  // The pipe of its output is full by then.
  await once(child.stderr, 'data')
  child.stdout.on('data', (piece: Buffer) => {
    out += piece.length
  })
  assert.deepEqual([...(await closed), out, err], [3, null, BYTES, BYTES])
})

test('a reader that leaves early keeps the program from nothing', async () => {
  const child = start()
  child.stderr.resume()
  child.stdout.once('data', () => child.stdout.destroy())
  assert.deepEqual(await once(child, 'close'), [3, null])
})
