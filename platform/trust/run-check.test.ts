import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServerDeps } from '#runtime/server/handler.ts'
import type { Check } from './check.ts'
import { runCheck } from './run-check.ts'

const warned: unknown[] = []
const deps = {
  now: () => new Date('2026-03-10T12:00:00Z'),
  log: { warn: (_event: string, fields: { error: unknown }) => warned.push(fields.error) },
} as unknown as ServerDeps
const NEVER = new AbortController().signal

const check = (run: Check['run']): Check => ({
  name: 'some.check',
  promises: ['CUS-1'],
  everyS: 60,
  validS: 300,
  run,
})

test('what a check throws is a failure that names no address, and the log has all of it', async () => {
  const error = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:8443'), { code: 'ECONNREFUSED' })
  const { passed, summary } = await runCheck(
    check(async () => {
      throw error
    }),
    deps,
    NEVER,
  )
  assert.equal(passed, false)
  assert.match(summary, /ECONNREFUSED/)
  assert.doesNotMatch(summary, /10\.1\.2\.3/)
  assert.equal(warned.at(-1), error)
})

test('an error without a code is told without its words', async () => {
  const { summary } = await runCheck(
    check(async () => {
      throw new Error('shop.example.org is broken')
    }),
    deps,
    NEVER,
  )
  assert.doesNotMatch(summary, /shop/)
})

test('a check that takes too long has failed, also when it does not listen', async () => {
  const { passed, summary } = await runCheck(
    check(() => new Promise(() => undefined)),
    deps,
    NEVER,
    20,
  )
  assert.equal(passed, false)
  assert.match(summary, /longer than 0\.02 s/)
})

test('a check that was cut short by the end of the control plane is no evidence', async () => {
  const stopping = new AbortController()
  const running = runCheck(
    check(() => new Promise(() => undefined)),
    deps,
    stopping.signal,
  )
  stopping.abort(new Error('stopped'))
  await assert.rejects(running, /stopped/)
})
