import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GuardReport } from '#contract/guard.ts'
import { HOME } from '#contract/installation.ts'
import { type Field, makeField, place } from '#platform/guard/test-attack.ts'
import { watchFilterChanges } from '#runtime/drivers/filter-changes.ts'
import { makeNftBy } from '#runtime/drivers/nft.ts'
import { makeNftProgram } from '#runtime/drivers/nft-program.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { type Guard, startGuard } from './guard.ts'
import { until } from './test-host.ts'

/** A host, an attacker and a client, and on the host the agent's guard. */
export interface GuardedField {
  readonly field: Field
  /** The one that runs now. */
  guard(): Guard
  report(after?: number, waitMs?: number): Promise<GuardReport>
  /** Ends the guard, does something, and starts it again. */
  restart(meanwhile: () => Promise<void>): Promise<void>
  remove(): Promise<void>
}

const installation = { ...place, domain: 'test.localhost', createdAt: '2030-01-01T00:00:00Z' }
const log = makeLog('warn', (line) => process.stderr.write(`${line}\n`))

/** Makes them, and waits until packets are told of. */
export async function makeGuardedField(): Promise<GuardedField> {
  const field = await makeField()
  const home = await mkdtemp(join(tmpdir(), 'maru-test-guard-'))
  await mkdir(join(home, HOME.agent))
  const over = new AbortController()
  const network = { enter: field.host.enter, folder: field.folder }
  const membership = { fleet: () => ({ hosts: [], services: {} }) }
  const running = () => guard ?? assert.fail('the guard does not run')
  const report = (after = 0, waitMs = 0) => running().report(after, waitMs, new AbortController().signal)
  const start = async () => {
    const program = makeNftProgram(network.enter, true)
    const nft = makeNftBy(program, watchFilterChanges({ program, knock: 'knock' }, over.signal))
    guard = await startGuard({ home, installation }, { nft, log, membership, network })
    await until('packets are told of', async () => (await report()).problem === '')
  }
  let guard: Guard | undefined
  const remove = async () => {
    over.abort()
    await guard?.stop()
    await field.remove()
    await rm(home, { recursive: true, force: true })
  }
  await start().catch(async (error: unknown) => {
    await remove()
    throw error
  })
  return {
    ...{ field, guard: running, report },
    restart: async (meanwhile) => {
      await running().stop()
      await meanwhile()
      await start()
    },
    remove,
  }
}
