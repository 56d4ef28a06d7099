import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CONTROL_NAME, HostIdentity } from '#contract/host-identity.ts'
import { ControlConfig, HOME, type Installation, UID } from '#contract/installation.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import { ensureFolders, ensureSecrets, writeComponentFiles } from './component-files.ts'
import { controlFiles, writeSecondControl } from './control-files.ts'
import { makeServiceBundle } from './service-files.ts'

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
const images = { app: 'a', builder: 'b', database: 'd', edge: 'e' }

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
  const bundle = await makeServiceBundle({ installation, home: east }, authority, 'control-2')
  assert.equal(bundle.passwords, null)
  const place = { installation, home: west, version: '1', host: hostOf('west', '192.0.2.2', false) }
  const hash = await writeSecondControl(place, bundle)
  assert.equal(await writeSecondControl(place, bundle), hash)

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

test('other services get none of these secrets', async () => {
  for (const service of ['postgres-2', 'etcd-3'] as const)
    assert.equal((await makeServiceBundle({ installation, home: east }, authority, service)).control, null)
})
