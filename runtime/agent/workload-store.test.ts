import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
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
  const folder = await mkdtemp(join(tmpdir(), 'maru-workload-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'workload.json')
  const trials = await openTrials(join(folder, 'trials.json'), await readMachineClock())
  await writeFile(file, JSON.stringify(config({ zones: [] })))
  const store = await openWorkloadStore(file, trials)
  assert.equal(store.current(), undefined)
  assert.match(store.problem(), /another version/)
  await store.put(WorkloadConfig.parse(config()))
  assert.equal(store.problem(), '')
  assert.deepEqual((await openWorkloadStore(file, trials)).current()?.network.rules, [rule])
})
