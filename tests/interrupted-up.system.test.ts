import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PlatformStatus } from '#contract/platform.ts'
import { run } from '#runtime/drivers/process.ts'
import {
  chooseInstallation,
  docker,
  flagsOf,
  leftovers,
  removeInstallation,
} from '../tools/test-installation.ts'
import { cliJson, cliOk, HOME, ROOT, statusWhenWell, waitFor } from './harness.ts'

const MARU = join(ROOT, 'maru')

test('up, killed at every stage, finishes when it is run again, beside another installation', async (t) => {
  const other = await chooseInstallation()
  t.after(async () => {
    await removeInstallation(MARU, other, true)
    assert.deepEqual(await leftovers(other), [])
  })
  const argv = ['up', ...flagsOf(other)]
  for (const stage of ['etcd', 'postgres-2', 'control', 'edge']) {
    const stop = new AbortController()
    const killed = run([MARU, ...argv], { signal: stop.signal, cwd: ROOT }).catch((error: unknown) => error)
    await waitFor(`${stage} of the installation`, async () =>
      docker('ps', '--all', '--quiet', '--filter', `name=^${other.name}-${stage}$`),
    )
    stop.abort()
    await killed
  }
  await cliOk(argv)
  const status = await statusWhenWell(other.home)
  assert.equal(status.installation, other.name)
  const beside = await cliJson<PlatformStatus>(['status', '--home', HOME])
  assert.ok(beside.components.every(({ state }) => state === 'ok'))
})
