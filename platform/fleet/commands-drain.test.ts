import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { HostName } from '#contract/ids.ts'
import type { Session } from '#runtime/cli/session.ts'
import { followDrain } from './commands-drain.ts'

const HOST = HostName.parse('berlin-2')
const FOLLOWING = { minutes: 10, again: 'maru host drain berlin-2' }
const emptied = { name: HOST, draining: true, instances: 0, waiting: 0, state: 'draining' }

/** A session whose control plane gives these answers to whoever asks for the hosts. */
function sessionOf(answers: ReadonlyArray<() => unknown>): Session {
  const left = [...answers]
  const progress = { step: () => {}, update: () => {}, end: () => {}, note: () => {}, clear: () => {} }
  const context = { signals: new EventEmitter(), stderr: { isTTY: false }, setExit: () => {} }
  const call = async () => left.shift()?.()
  return { api: { call }, out: { progress }, context } as unknown as Session
}

const away = () => {
  throw new MaruError('database_unavailable')
}

test('who follows a drain goes on when the database or the control plane was away meanwhile', async () => {
  const session = sessionOf([away, away, () => ({ hosts: [emptied] })])
  assert.deepEqual(await followDrain(session, HOST, FOLLOWING), emptied)
})

test('a drain that somebody took back, or a host that is gone, ends it', async () => {
  const back = sessionOf([() => ({ hosts: [{ ...emptied, draining: false }] })])
  await assert.rejects(followDrain(back, HOST, FOLLOWING), { code: 'hosts.drain_ended' })
  await assert.rejects(followDrain(sessionOf([() => ({ hosts: [] })]), HOST, FOLLOWING), {
    code: 'hosts.not_found',
  })
})
