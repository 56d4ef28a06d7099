import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ServiceName } from '#contract/fleet.ts'
import { CONTROL_NAME, HostIdentity } from '#contract/host-identity.ts'
import { ControlConfig, HOME, type Installation, UID } from '#contract/installation.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import { ensureFolders, ensureSecrets, writeComponentFiles } from './component-files.ts'
import { controlFiles, writeGivenControl } from './control-files.ts'
import { makeServiceBundle, readOwnSecrets } from './service-files.ts'

const installation: Installation = {
  id: 'inst_c',
  name: 'maru',
  domain: 'maru.localhost',
  createdAt: '2026-01-01T00:00:00Z',
  ports: { http: 80, https: 443 },
  subnet: '10.89',
}
const hostOf = (name: string, address: string, first: boolean) =>
  HostIdentity.parse({ name, dataCentre: 'dc1', address, role: 'full', first })
const images = { app: 'a', builder: 'b', database: 'd', edge: 'e', detector: 'x' }

let east: string
let west: string
let authority: Authority

before(async () => {
  east = await mkdtemp(join(tmpdir(), 'maru-east-'))
  west = await mkdtemp(join(tmpdir(), 'maru-west-'))
  authority = await openAuthority(join(east, HOME.pki))
  await ensureFolders(east, true)
  await writeComponentFiles(
    {
      ...{ installation, home: east, version: '1', host: hostOf('east', '192.0.2.1', true), authority },
      ...{ hostCaBundle: '/ca', stores: ['10.89.0.10'], images },
    },
    await ensureSecrets(east),
  )
})
after(async () => {
  await rm(east, { recursive: true })
  await rm(west, { recursive: true })
})

const configIn = async (home: string) =>
  ControlConfig.parse(JSON.parse(await readFile(join(home, HOME.control, 'config.json'), 'utf8')))

test('the second control plane has the same secrets and database, and a certificate, address and host of its own', async () => {
  const secrets = await readOwnSecrets(east)
  const bundle = await makeServiceBundle(installation, authority, secrets, 'control-2')
  // It can make bundles for others.
  assert.deepEqual({ passwords: bundle.passwords, control: bundle.control }, secrets)
  const place = { installation, home: west, version: '1', host: hostOf('west', '192.0.2.2', false) }
  const hash = await writeGivenControl(place, 'control-2', bundle)
  assert.equal(await writeGivenControl(place, 'control-2', bundle), hash)

  const [one, two] = [await configIn(east), await configIn(west)]
  assert.equal(two.database.password, one.database.password)
  assert.deepEqual([two.host.name, two.listen.host, one.listen.host], ['west', '10.89.1.31', '10.89.1.30'])
  for (const file of ['masterKey', 'authSecret'] as const) {
    const [first, second] = [controlFiles(east)[file], controlFiles(west)[file]]
    assert.equal(await readFile(second, 'utf8'), await readFile(first, 'utf8'))
    const { mode, uid } = await stat(second)
    assert.deepEqual([mode & 0o777, uid], [0o600, UID.control])
  }
  const shown = new X509Certificate(await readFile(two.listen.certFile))
  assert.ok(shown.verify(new X509Certificate(authority.rootPem).publicKey))
  for (const name of [CONTROL_NAME, installation.domain]) assert.notEqual(shown.checkHost(name), undefined)
  assert.notEqual(shown.checkIP('10.89.1.31'), undefined)
})

test('other services get as little as they need', async () => {
  const secrets = await readOwnSecrets(east)
  const given = async (service: ServiceName) => {
    const { passwords, control } = await makeServiceBundle(installation, authority, secrets, service)
    return { passwords, control }
  }
  for (const service of ['postgres-1', 'postgres-2'] as const)
    assert.deepEqual(await given(service), { passwords: secrets.passwords, control: null })
  for (const service of ['etcd-1', 'etcd-3'] as const)
    assert.deepEqual(await given(service), { passwords: null, control: null })
})

test('the first control plane, on another host, has the address that it had', async () => {
  const bundle = await makeServiceBundle(installation, authority, await readOwnSecrets(east), 'control')
  const place = { installation, home: west, version: '1', host: hostOf('west', '192.0.2.2', false) }
  await writeGivenControl(place, 'control', bundle)
  const { host, listen } = await configIn(west)
  assert.deepEqual([host.name, listen.host], ['west', '10.89.1.30'])
  const shown = new X509Certificate(await readFile(listen.certFile))
  assert.notEqual(shown.checkIP('10.89.1.30'), undefined)
})
