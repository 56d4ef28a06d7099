import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { NumberedDrillEvent } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import type { DrillStartId } from '#contract/ids.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { makeDrillRunner } from './drills.ts'

const START = 'start_2222' as DrillStartId
const NEVER = new AbortController().signal
const silent = makeLog('error', () => undefined)

/** A runner over a data folder that holds no installation, marked as a lab or not. */
async function runnerIn(t: TestContext, isLab: boolean, elsewhere = '') {
  const home = await mkdtemp(join(tmpdir(), 'maru-drills-'))
  t.after(() => rm(home, { recursive: true }))
  if (isLab) await writeFile(join(home, HOME.lab), '')
  const installation = { name: 'maru', subnet: '10.88' }
  const config = { home, dockerSocket: '/nowhere', installation } as AgentConfig
  const inspect = async (name: string) => (name === `maru-${elsewhere}` ? undefined : { name })
  return makeDrillRunner(config, { containers: { inspect } } as unknown as Docker, silent)
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => (error instanceof MaruError ? error.code : assert.fail(String(error))),
  )
const request = (drill: string) => ({ id: START, drill, startedBy: 'Somebody' })

test('without the marker nothing is started, whoever asks', async (t) => {
  const runner = await runnerIn(t, false)
  assert.deepEqual(await runner.state(), { lab: false, underWay: null, elsewhere: null })
  assert.equal(await codeOf(runner.start(request('database-primary-dies'))), 'drills.only_in_lab')
  assert.equal(await codeOf(runner.start(request('neighbours-database'))), 'drills.production')
  assert.deepEqual(await runner.state(), { lab: false, underWay: null, elsewhere: null })
})

test('a member of the database that is on another host is not taken away from here', async (t) => {
  const runner = await runnerIn(t, true, 'postgres-2')
  assert.deepEqual(await runner.state(), { lab: true, underWay: null, elsewhere: 'postgres-2' })
  assert.equal(await codeOf(runner.start(request('database-primary-dies'))), 'drills.needs_pair')
})

test('a drill runs in a process of its own; one at a time; its end is told and can be read again', async (t) => {
  const runner = await runnerIn(t, true)
  assert.equal(await codeOf(runner.start(request('earthquake'))), 'drills.unknown')
  const start = await runner.start(request('database-primary-dies'))
  assert.deepEqual(
    [start.drill, start.startedBy, start.finishedAt],
    ['database-primary-dies', 'Somebody', null],
  )
  assert.equal((await runner.state()).underWay?.id, START)
  assert.equal(await codeOf(runner.start(request('neighbours-database'))), 'drills.busy')

  const read = async (after: number) => {
    const events: NumberedDrillEvent[] = []
    await runner.follow(START, after, async (event) => void events.push(event), NEVER)
    return events
  }
  const events = await read(0)
  const last = events.at(-1)?.event
  assert.equal(last?.type === 'failed' && last.error.code, 'hosts.not_installed')
  assert.deepEqual(await read(events.length - 1), events.slice(-1))
  assert.deepEqual(await read(events.length), [])
})

test('a start that nothing is known about is told as such', async (t) => {
  const runner = await runnerIn(t, true)
  assert.throws(() => runner.checkKnown('start_9999'), { code: 'drills.lost' })
})
