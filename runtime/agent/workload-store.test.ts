import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { WorkloadConfig } from '#contract/agent.ts'
import { ruleOf } from '#platform/network/test-policy.ts'
import { readMachineClock } from '#runtime/drivers/machine-clock.ts'
import { openTrials } from './trials.ts'
import { openWorkloadStore } from './workload-store.ts'

const rule = ruleOf('rule-one', 'apps', '198.51.100.1', ['443'])
const config = (more: object = {}) => ({
  ...{ generation: 3, peers: [], apps: [] },
  network: { rules: [rule], lockDown: null, ...more },
})

const place = async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-workload-'))
  t.after(() => rm(folder, { recursive: true }))
  const clock = await readMachineClock()
  return { file: join(folder, 'workload.json'), book: join(folder, 'trials.json'), clock }
}

test('a policy of a newer version is refused whole, and no rule of it counts', () => {
  assert.equal(WorkloadConfig.safeParse(config()).success, true)
  assert.equal(WorkloadConfig.safeParse(config({ zones: [] })).success, false)
  assert.equal(WorkloadConfig.safeParse(config({ rules: [{ ...rule, action: 'refuse' }] })).success, false)
})

test('more rules than there may be are refused whole', () => {
  const rules = Array.from({ length: 100_000 }, (_, at) => ({ ...rule, id: `rule-${at}` }))
  assert.equal(WorkloadConfig.safeParse(config({ rules })).success, false)
})

test('a saved state that a newer version wrote is no state, and says so until one comes that can be read', async (t) => {
  const { file, book, clock } = await place(t)
  const trials = await openTrials(book, clock)
  await writeFile(file, JSON.stringify(config({ zones: [] })))
  const store = await openWorkloadStore(file, trials)
  assert.equal(store.current(), undefined)
  assert.match(store.problem(), /another version/)
  await store.put(WorkloadConfig.parse(config()))
  assert.equal(store.problem(), '')
  assert.deepEqual((await openWorkloadStore(file, trials)).current()?.network.rules, [rule])
})

test('two states at the same moment: the later one stays, and an earlier one that comes after it is refused', async (t) => {
  const { file, book, clock } = await place(t)
  const store = await openWorkloadStore(file, await openTrials(book, clock))
  const put = (generation: number) => store.put(WorkloadConfig.parse({ ...config(), generation }))
  const [later, earlier] = await Promise.allSettled([put(5), put(4)])
  assert.deepEqual([later.status, earlier.status], ['fulfilled', 'rejected'])
  assert.equal(store.current()?.generation, 5)
  assert.equal((await openWorkloadStore(file, await openTrials(book, clock))).current()?.generation, 5)
  await put(6)
})

test('where a state cannot be written, what is on trial in the one before stays so', async (t) => {
  const { file, book, clock } = await place(t)
  const trials = await openTrials(book, clock)
  const store = await openWorkloadStore(file, trials)
  const now = Date.now()
  const until = new Date(now + 60_000).toISOString()
  const lockDown = { since: new Date(now).toISOString(), by: 'ada', until }
  const onTrial = WorkloadConfig.parse(config({ lockDown }))
  await store.put(onTrial)
  await rm(file)
  await mkdir(join(file, 'in-the-way'), { recursive: true })
  await assert.rejects(store.put(WorkloadConfig.parse({ ...config(), generation: 4 })))
  assert.equal(store.current()?.generation, 3)
  for (const known of [trials, await openTrials(book, clock)])
    assert.notEqual(known.standing(onTrial.network).lockDown, null)
})
