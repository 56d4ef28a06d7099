import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { HOME } from '#contract/installation.ts'
import { makeField, place } from '#platform/guard/test-attack.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { silent } from '#runtime/server/test-database.ts'
import { startGuard } from './guard.ts'

const installation = { ...place, domain: 'test.localhost', createdAt: '2030-01-01T00:00:00Z' }
/** The kernel takes 1 to 255. */
const IMPOSSIBLE = { name: 'net/ipv4/ip_default_ttl', atMost: 0, value: 0 }

test('where a setting of the kernel cannot be made the rules against attacks are in force all the same, and it is said', async (t) => {
  const field = await makeField()
  t.after(() => field.remove())
  const home = await mkdtemp(join(tmpdir(), 'maru-test-settings-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  await mkdir(join(home, HOME.agent))
  const nft = makeNft(field.host.enter)
  const guard = await startGuard(
    { home, installation },
    {
      ...{ nft, log: silent, membership: { fleet: () => ({ hosts: [], services: {} }) } },
      ...{ network: { enter: field.host.enter, folder: field.folder }, settings: [IMPOSSIBLE] },
    },
  )
  t.after(() => guard.stop())
  assert.match((await nft.list('inet', field.table)) ?? '', /@held4/)
  const { problem } = await guard.report(0, 0, new AbortController().signal)
  assert.match(problem, /^A setting of the kernel against attacks could not be made: EINVAL/)
})
