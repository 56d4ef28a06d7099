import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test as run } from 'node:test'
import { certificateNameOf, HostIdentity } from '#contract/host-identity.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import {
  type Authority,
  checkCertificateRequest,
  checkVouched,
  type HostKey,
  newHostKey,
  openAuthority,
} from '#platform/trust/index.ts'
import { type HostKeys, openHostKeys } from './host-keys.ts'

const host = HostIdentity.parse({
  ...{ name: 'second', dataCentre: 'dc1', address: '127.0.0.1', role: 'full', first: false },
})
let folder: string
let authority: Authority
let home: string
let key: HostKey

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-keys-'))
  authority = await openAuthority(join(folder, 'pki'))
})
after(() => rm(folder, { recursive: true }))
/** A test with a host of its own, that has joined. */
const test = (name: string, work: () => Promise<void>) =>
  run(name, async () => {
    home = await mkdtemp(join(folder, 'host-'))
    await mkdir(join(home, HOME.agent))
    key = await newHostKey()
    await writeFile(join(home, HOME.hostKey), key.keyPem)
    await writeFile(join(home, HOME.hostCertificate), await signed(await key.request('x')))
    await work()
  })

const open = (): Promise<HostKeys> => openHostKeys({ home, host } as AgentConfig)
const hashIn = async (request: string) => (await checkCertificateRequest(request)).keyHash
async function signed(request: string): Promise<string> {
  const name = certificateNameOf(host.name)
  const { publicKey } = await checkCertificateRequest(request)
  return await authority.sign(publicKey, { commonName: name, dnsNames: [name], days: 7 })
}
const files = async () => (await readdir(join(home, HOME.agent))).sort()

test('the next key is made once, and is asked for again after a restart; the one in use vouches for it', async () => {
  const keys = await open()
  const [first, again] = await Promise.all([keys.askNext(), keys.askNext()])
  const hash = await hashIn(first.request)
  assert.notEqual(hash, key.hash)
  assert.equal(await hashIn(again.request), hash)
  const { request } = await (await open()).askNext()
  assert.equal(await hashIn(request), hash)
  assert.equal((await checkVouched(first.vouched ?? '')).byKeyHash, key.hash)
  assert.equal(await hashIn((await keys.askAgain()).request), key.hash)
})

test('the old key is in use until the control plane has said that it knows the next one', async () => {
  const keys = await open()
  const { request } = await keys.askNext()
  const next = await hashIn(request)
  assert.equal(keys.next(), undefined)
  await assert.rejects(keys.useNext(next), { code: 'invalid' }, 'it has no certificate yet')
  assert.equal(await keys.take(await signed(request)), 'next')
  for (const now of [keys, await open()]) {
    assert.equal(now.inUse()?.key, key.keyPem)
    assert.notEqual(now.next()?.key, key.keyPem)
    await assert.rejects(now.useNext('0'.repeat(64)), { code: 'invalid' })
  }
  // Its own certificate can be renewed meanwhile.
  assert.equal(await keys.take(await signed(await key.request('x'))), 'in use')
  const wanted = keys.next()
  assert.equal(await keys.useNext(next), true)
  assert.equal(await keys.useNext(next), false, 'its answer was lost')
  for (const now of [keys, await open()]) {
    assert.deepEqual(now.inUse(), wanted)
    assert.equal(now.next(), undefined)
    await assert.rejects(
      now.take(await signed(await key.request('x'))),
      { code: 'invalid' },
      'the old key is gone',
    )
  }
  assert.deepEqual(await files(), ['host.crt', 'host.key'])
})

test('wherever a change stops, the next start has a key with its certificate', async () => {
  const at = (name: string) => join(home, name)
  const names = [HOME.hostKey, HOME.hostCertificate, HOME.nextHostKey, HOME.nextHostCertificate]
  const keys = await open()
  await keys.take(await signed((await keys.askNext()).request))
  const old = keys.inUse()
  const next = keys.next()
  /** As much of it as was done. */
  const steps: ReadonlyArray<() => Promise<unknown>> = [
    () => copyFile(at(HOME.nextHostKey), at(HOME.hostKey)),
    () => copyFile(at(HOME.nextHostCertificate), at(HOME.hostCertificate)),
    () => rm(at(HOME.nextHostCertificate)),
    () => rm(at(HOME.nextHostKey)),
  ]
  assert.equal((await open()).inUse()?.key, old?.key)
  for (const done of steps.keys()) {
    const whole = home
    home = await mkdtemp(join(folder, 'stopped-'))
    await mkdir(at(HOME.agent))
    for (const name of names) await copyFile(join(whole, name), at(name))
    for (const step of steps.slice(0, done + 1)) await step()
    const after = await open()
    assert.deepEqual([after.inUse(), after.next()], [next, undefined], `${done + 1} steps`)
    assert.deepEqual(await files(), ['host.crt', 'host.key'])
    home = whole
  }
})

test('a pair that a host makes for itself replaces no other key', async () => {
  const keys = await open()
  const other = await newHostKey()
  await keys.begin({ cert: await signed(await other.request('x')), key: other.keyPem })
  assert.equal(keys.inUse()?.key, key.keyPem)
  const cert = await signed(await key.request('x'))
  await keys.begin({ cert, key: key.keyPem })
  assert.equal((await open()).inUse()?.cert, cert)
})

test('a next key whose files cannot be deleted is the one in use nevertheless', async () => {
  const keys = await open()
  const { request } = await keys.askNext()
  await keys.take(await signed(request))
  const wanted = keys.next()
  await rm(join(home, HOME.nextHostCertificate))
  await mkdir(join(home, HOME.nextHostCertificate))
  assert.equal(await keys.useNext(await hashIn(request)), true)
  assert.deepEqual([keys.inUse(), keys.next()], [wanted, undefined])
  assert.notEqual(await hashIn((await keys.askNext()).request), await hashIn(request))
})
