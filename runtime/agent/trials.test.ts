import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type NetworkPolicy, tellTrials, trialsIn } from '#contract/network.ts'
import { ruleOf } from '#platform/network/test-policy.ts'
import { openTrials } from './trials.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1000).toISOString()
const OFFICE = ruleOf('rule-office', '203.0.113.0/24', 'host', ['22'], { pausedUntil: after(60) })
const POLICY: NetworkPolicy = {
  rules: [OFFICE],
  lockDown: { since: NOW.toISOString(), by: 'ada', until: after(60) },
}
const NAMES = trialsIn(POLICY).map(({ name }) => name)
const bothLeft = (ms: number) => Object.fromEntries(NAMES.map((name) => [name, ms]))
/** What is in force, in a word. */
const inForce = ({ rules, lockDown }: NetworkPolicy) =>
  `${lockDown === null ? 'open' : 'locked'}, ${rules.length === 0 ? 'taken back' : 'allowed'}`

let ms = 5_000_000
const clock = (run = 'first') => ({ run, sinceStartMs: () => ms })
const place = async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-trials-'))
  t.after(() => rm(folder, { recursive: true }))
  return join(folder, 'trials.json')
}

test('what is on trial is in force for as long as was said, whatever the time of day is', async (t) => {
  const trials = await openTrials(await place(t), clock())
  await trials.note(POLICY, bothLeft(20_000), new Date('2020-01-01'))
  assert.deepEqual([trials.nextEndMs(), trials.areOver(POLICY)], [20_000, false])
  ms += 19_999
  assert.equal(inForce(trials.standing(POLICY)), 'locked, taken back')
  ms += 1
  assert.equal(inForce(trials.standing(POLICY)), 'open, allowed')
  assert.deepEqual([trials.nextEndMs(), trials.areOver(POLICY)], [Number.POSITIVE_INFINITY, true])
})

test('told again it is no longer, and never more than a minute', async (t) => {
  const trials = await openTrials(await place(t), clock())
  await trials.note(POLICY, bothLeft(3_600_000), NOW)
  assert.equal(trials.nextEndMs(), 60_000)
  ms += 50_000
  await trials.note(POLICY, bothLeft(60_000), NOW)
  assert.equal(trials.nextEndMs(), 10_000)
  ms += 10_000
  await trials.note(POLICY, bothLeft(60_000), NOW)
  assert.equal(inForce(trials.standing(POLICY)), 'open, allowed')
})

test('an agent that was started again goes on with it; a machine that was ends it, and so does a book that is gone', async (t) => {
  const file = await place(t)
  await (await openTrials(file, clock())).note(POLICY, bothLeft(20_000), NOW)
  ms += 5_000
  const again = await openTrials(file, clock())
  assert.equal(inForce(again.standing(POLICY)), 'locked, taken back')
  assert.equal(again.nextEndMs(), 15_000)
  assert.equal(inForce((await openTrials(file, clock('second'))).standing(POLICY)), 'open, allowed')
  await writeFile(file, '{"run":')
  assert.equal(inForce((await openTrials(file, clock())).standing(POLICY)), 'open, allowed')
})

test('a machine whose clock went back under the same start, as a copy of it does, is in a trial for a minute at most', async (t) => {
  const file = await place(t)
  await (await openTrials(file, clock())).note(POLICY, bothLeft(60_000), NOW)
  ms -= 3_600_000
  const again = await openTrials(file, clock())
  assert.equal(again.nextEndMs(), 60_000)
  assert.equal(inForce(again.standing(POLICY)), 'locked, taken back')
  ms += 60_000
  assert.equal(inForce(again.standing(POLICY)), 'open, allowed')
  ms += 3_540_000
})

test('a control plane of the version before says the end only: that counts, for a minute at most', async (t) => {
  const trials = await openTrials(await place(t), clock())
  await trials.note(POLICY, {}, new Date(after(48)))
  assert.equal(trials.nextEndMs(), 12_000)
  const other = await openTrials(await place(t), clock())
  await other.note(POLICY, {}, new Date('2020-01-01'))
  assert.equal(other.nextEndMs(), 60_000)
})

test('what was kept, and what was never on trial, stands', async (t) => {
  const trials = await openTrials(await place(t), clock())
  const { pausedUntil: _, ...stands } = OFFICE
  const kept = { rules: [stands], lockDown: { since: NOW.toISOString(), by: 'ada', until: null } }
  assert.equal(inForce(trials.standing(kept)), 'locked, allowed')
  assert.equal(trials.areOver(kept), false)
})

test('hosts are told for how long yet, and of none that is over', () => {
  const told = tellTrials(POLICY, new Date(after(12)))
  assert.deepEqual(told, { network: POLICY, trials: bothLeft(48_000) })
  const later = tellTrials(POLICY, new Date(after(60)))
  assert.deepEqual([inForce(later.network), later.trials, trialsIn(later.network)], ['open, allowed', {}, []])
})
