import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  ensureGroup,
  findGroupTrees,
  foldersOf,
  groupState,
  inGroups,
  killGroup,
  processesIn,
  removeGroup,
  setFrozen,
} from './control-groups.ts'
import { startDetached } from './process.ts'

const name = `maru-test-${randomBytes(3).toString('hex')}`
let top = ''
let below = ''
before(async () => {
  const trees = (await findGroupTrees()) ?? assert.fail('no unified hierarchy')
  top = foldersOf({ unified: trees.unified, others: [] }, name)[0]
  below = join(top, 'below')
  await ensureGroup(below)
})
after(async () => {
  await killGroup(top)
  await removeGroup(top)
})

/** A program in a group, and a child of its own that is deaf to a gentle end. */
async function startIn(folder: string): Promise<void> {
  const had = (await processesIn(folder)).length
  const program = 'trap "" TERM HUP; sleep 300 & wait'
  startDetached(inGroups([folder], ['sh', '-c', program]), openSync('/dev/null', 'a'))
  while ((await processesIn(folder)).length < had + 2);
}

/** Whether a process still runs; one that has ended and that nobody has asked about does not. */
async function runs(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) [ZX] /.test(stat)
}

test('a group is ended whole: with the groups below it, children that hear no signal, and what is frozen; and nobody else', async () => {
  await startIn(top)
  await startIn(below)
  await setFrozen(below, true)
  const pids = [...(await processesIn(top)), ...(await processesIn(below))]
  assert.equal(pids.length, 4)
  await killGroup(top)
  assert.deepEqual(await Promise.all(pids.map(runs)), [false, false, false, false])
  assert.equal((await groupState(top))?.populated, false)
  assert.ok(await runs(process.pid))
})

test('one that is not there, and one with nobody in it, are ended already', async () => {
  await killGroup(join(top, 'never'))
  await killGroup(below)
  assert.ok(existsSync(below))
})
