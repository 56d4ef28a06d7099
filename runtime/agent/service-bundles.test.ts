import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ServiceName } from '#contract/fleet.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import type { ServiceBundle } from '#contract/service-bundle.ts'
import { openAuthority } from '#platform/trust/index.ts'
import type { HostMembership } from './membership.ts'
import { bundleFile, serviceBundles } from './service-bundles.ts'

/** Which services of these are ready on a host that was given each of them with so many days left. */
async function readyWith(t: TestContext, days: Partial<Record<ServiceName, number>>): Promise<ServiceName[]> {
  const home = await mkdtemp(join(tmpdir(), 'maru-bundles-'))
  t.after(() => rm(home, { recursive: true }))
  await mkdir(join(home, HOME.agent))
  const authority = await openAuthority(join(home, HOME.pki))
  for (const [service, left] of Object.entries(days) as Array<[ServiceName, number]>) {
    const issued = { commonName: service, dnsNames: [service], days: left, client: true }
    const { certPem, keyPem } = await authority.issue(issued)
    const bundle: ServiceBundle = {
      certificate: certPem,
      key: keyPem,
      root: authority.rootPem,
      passwords: null,
      control: null,
    }
    await writeFile(bundleFile(home, service), JSON.stringify(bundle))
  }
  const bundles = serviceBundles({ home } as AgentConfig, {} as HostMembership, async () => undefined)
  return await bundles.ready()
}

test('a service is asked for again long before its certificate ends', async (t) => {
  assert.deepEqual(await readyWith(t, { 'postgres-2': 1825, 'etcd-2': 400 }), ['postgres-2'])
})

test('services of one day are asked for one after the other, days apart', async (t) => {
  const all = (days: number) => ({ 'etcd-2': days, 'etcd-3': days, 'postgres-2': days })
  assert.deepEqual(await readyWith(t, all(595)), ['etcd-2', 'etcd-3', 'postgres-2'])
  assert.deepEqual(await readyWith(t, all(585)), ['etcd-3', 'postgres-2'])
  assert.deepEqual(await readyWith(t, all(575)), ['postgres-2'])
  assert.deepEqual(await readyWith(t, all(555)), [])
})
