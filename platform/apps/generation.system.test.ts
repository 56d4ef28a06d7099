import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { FURTHEST_AHEAD } from '#platform/workload/generation-step.ts'
import { listRefusals, publish, wantedGeneration } from '#platform/workload/index.ts'
import { until } from '#runtime/agent/test-host.ts'
import { makeTestCluster } from './test-cluster.ts'

/** The largest that the database's column held once, less one. */
const NEAR_INT4 = 2_147_483_646

test('a host that says it has a generation that cannot be is not followed, and people are told', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  const { db } = cluster.platform.deps
  const far = cluster.host('far')
  const { putWorkload } = far
  far.putWorkload = async ({ generation: got }) => {
    throw new MaruError('hosts.stale_generation', { have: NEAR_INT4, got })
  }
  const before = await publish(db)
  await until('it is known to refuse', async () => (await listRefusals(db)).length === 1)
  const [refusal] = await listRefusals(db)
  assert.equal(refusal?.host, 'far')
  assert.match(refusal?.problem ?? '', /refuses .* generation 2147483646, which cannot be/)
  assert.equal(await wantedGeneration(db), before)
  const next = await publish(db)
  await until('the other host has what is wanted', async () => {
    return cluster.platform.host.workloads.at(-1)?.generation === next
  })
  far.putWorkload = putWorkload
  await until('it takes it again', async () => (await listRefusals(db)).length === 0)
})

test('a host that is ahead of a database that was restored is followed, also past what fits four bytes', async (t) => {
  const cluster = await makeTestCluster(t, { far: 'dc2' })
  const { db } = cluster.platform.deps
  const far = cluster.host('far')
  await cluster.platform.database.pool.query('update workload_generation set generation = $1', [NEAR_INT4])
  await until('it has got something', async () => far.workloads.length > 0)
  const config = far.workloads.at(-1) ?? assert.fail('it has got nothing')
  const ahead = NEAR_INT4 + FURTHEST_AHEAD / 2
  far.workloads.push({ ...config, generation: ahead })
  await publish(db)
  await until('the numbers are past it', async () => (await wantedGeneration(db)) > ahead)
  await until('it has what is wanted', async () => (far.workloads.at(-1)?.generation ?? 0) > ahead)
  await cluster.hear(far)
  assert.deepEqual(await listRefusals(db), [])
})
