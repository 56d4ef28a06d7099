import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { HostsGround } from './hosts-place.ts'
import { holdLock } from './pair-place.ts'

/** A host whose lock is taken at once, and held until it is given back or the program that holds it ends. */
function host() {
  const program = Promise.withResolvers<void>()
  const keep: HostsGround['keep'] = async (_where, _argv, until, onLine) => {
    onLine('taken')
    await Promise.race([once(until, 'abort'), program.promise])
    return { exitCode: 0, stdout: '', stderr: '', timedOut: false }
  }
  return { keep, endProgram: program.resolve }
}

test('a lock that was held to the end is given back without a word', async () => {
  const release = await holdLock(host(), 'dc2-h1')
  release()
})

test('who gives back a lock that was lost meanwhile is told, so that the drill ends', async () => {
  const { keep, endProgram } = host()
  const release = await holdLock({ keep }, 'dc2-h1')
  endProgram()
  await new Promise(setImmediate)
  assert.throws(release, /the lock of dc2-h1 was lost meanwhile/)
})
