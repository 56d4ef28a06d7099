import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Fleet } from '#contract/fleet.ts'
import { CONTROL_NAME, certificateNameOf, HostIdentity } from '#contract/host-identity.ts'
import { type AgentConfig, HOME } from '#contract/installation.ts'
import {
  type Authority,
  checkCertificateRequest,
  type HostKey,
  newHostKey,
  openAuthority,
  openHostKey,
} from '#platform/trust/index.ts'
import { makeMembership } from '#runtime/drivers/agent-membership.ts'
import { nextKeyWay, tlsWay, unverifiedWay } from '#runtime/drivers/agent-transport.ts'
import { keyHashAt } from '#runtime/drivers/tls-probe.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { type HostMembership, openMembership } from './membership.ts'
import type { AgentServerDeps } from './server.ts'
import { serviceBundles } from './service-bundles.ts'
import { until } from './test-host.ts'
import { makeControlServer } from './tls-server.ts'

const HOST = HostIdentity.parse({
  name: 'second',
  dataCentre: 'dc2',
  address: '127.0.0.1',
  role: 'full',
  first: false,
})
const silent = makeLog('error', () => undefined)

let home: string
let authority: Authority
let key: HostKey
let membership: HostMembership
let server: ReturnType<typeof makeControlServer>
let port: number
let woken = 0

/** A certificate of a host's name for a key, for so many days from now. */
async function certify(of: HostKey, days: number, by = authority): Promise<string> {
  const { publicKey } = await checkCertificateRequest(await of.request('x'))
  const name = certificateNameOf(HOST.name)
  return await by.sign(publicKey, { commonName: name, dnsNames: [name], addresses: [HOST.address], days })
}

const control = async (name: string, by = authority) => {
  const { certPem, keyPem } = await by.issue({ commonName: name, dnsNames: [name], days: 1, client: true })
  return { ca: authority.rootPem, cert: certPem, key: keyPem }
}
const target = (keyHash = key.hash) => ({ host: HOST.name, address: HOST.address, port, keyHash })
const asControl = async (keyHash?: string) => {
  const shown = await control(CONTROL_NAME)
  return makeMembership(async () => tlsWay(target(keyHash), shown))
}

async function serve(): Promise<void> {
  membership = await openMembership({ home, host: HOST, version: '1' } as AgentConfig)
  const bundles = serviceBundles({ home } as AgentConfig, membership, async () => undefined)
  const deps = { membership, bundles, log: silent, wake: () => void woken++ } as unknown as AgentServerDeps
  const credentials = membership.credentials()
  assert.ok(credentials)
  server = makeControlServer(deps, credentials)
  await new Promise<void>((resolve) => server.listen(port ?? 0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
}

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'maru-joined-'))
  await mkdir(join(home, HOME.agent))
  authority = await openAuthority(join(home, HOME.pki))
  key = await newHostKey()
  await writeFile(join(home, HOME.hostKey), key.keyPem)
  await writeFile(join(home, HOME.hostCertificate), await certify(key, 1))
  await serve()
})
after(async () => {
  server.close()
  server.closeAllConnections()
  await rm(home, { recursive: true })
})

test('the control plane is answered, and is remembered to have asked', async () => {
  const about = await (await asControl()).about()
  assert.deepEqual(about.host, HOST)
  assert.ok(Math.abs(Date.parse(about.controlSeenAt ?? '') - Date.now()) < 10_000)
})

test('nobody else is: no certificate, one of another component, or one of another authority', async () => {
  const other = await openAuthority(join(home, 'other-pki'))
  const strangers = [
    await control('postgres.maru.internal'),
    await control(certificateNameOf(HOST.name)),
    { ...(await control(CONTROL_NAME, other)), ca: authority.rootPem },
    { ca: authority.rootPem, cert: '', key: '' },
  ]
  const before = membership.about().controlSeenAt
  for (const stranger of strangers) {
    const shown = stranger.cert === '' ? ({ ca: stranger.ca } as typeof stranger) : stranger
    await assert.rejects(makeMembership(async () => tlsWay(target(), shown)).about(), { status: 503 })
  }
  assert.equal(membership.about().controlSeenAt, before)
})

test('a host with a good certificate and another key is not the host', async () => {
  const other = await newHostKey()
  await assert.rejects((await asControl(other.hash)).about(), {
    code: 'hosts.not_itself',
    params: { host: 'second', address: '127.0.0.1', reason: 'it has another key' },
  })
})

test('a knock shows the key, whoever knocks', async () => {
  assert.equal(await keyHashAt({ host: '127.0.0.1', port, timeoutMs: 2000 }), key.hash)
})

test('a new certificate is taken into use at once, and is kept', async () => {
  const client = await asControl()
  const { keyHash } = await checkCertificateRequest((await client.certificateRequest(false)).request)
  assert.equal(keyHash, key.hash)
  const certificate = await certify(key, 5)
  const expiresAt = await client.setCertificate(certificate)
  assert.equal(expiresAt, new Date(new X509Certificate(certificate).validTo).toISOString())
  assert.equal((await client.about()).certificateExpiresAt, expiresAt)
  const again = await openMembership({ home, host: HOST, version: '1' } as AgentConfig)
  assert.equal(again.about().certificateExpiresAt, expiresAt)
})

test('a certificate that would lock the host out is refused: another key, name or authority', async () => {
  const client = await asControl()
  const name = certificateNameOf(HOST.name)
  const { publicKey } = await checkCertificateRequest(await key.request('x'))
  const wrong = [
    await certify(await newHostKey(), 1),
    await authority.sign(publicKey, { commonName: name, dnsNames: ['third.hosts.maru.internal'], days: 1 }),
    await certify(key, 1, await openAuthority(join(home, 'other-pki'))),
  ]
  const before = membership.credentials()?.cert
  for (const certificate of wrong)
    await assert.rejects(client.setCertificate(certificate), { code: 'invalid' })
  assert.equal(membership.credentials()?.cert, before)
  assert.ok(new X509Certificate(before ?? '').checkPrivateKey(createPrivateKey(key.keyPem)))
})

test('a certificate that has ended is refused, and can still be renewed by who has the key', async () => {
  server.close()
  server.closeAllConnections()
  await writeFile(join(home, HOME.hostCertificate), await certify(key, -1))
  await serve()
  await assert.rejects((await asControl()).about(), { code: 'hosts.not_itself' })
  const shown = await control(CONTROL_NAME)
  const unverified = makeMembership(async () => unverifiedWay(target(), shown))
  const { keyHash } = await checkCertificateRequest((await unverified.certificateRequest(false)).request)
  assert.equal(keyHash, key.hash)
  await unverified.setCertificate(await certify(key, 7))
  assert.equal((await (await asControl()).about()).host.name, 'second')
})

test('a new key takes the place of the old one while it is asked, and only when it has answered', async (t) => {
  const shown = await control(CONTROL_NAME)
  const old = target()
  const asOld = makeMembership(async () => tlsWay(old, shown))
  const { request } = await asOld.certificateRequest(true)
  const { publicKey, keyHash: nextKeyHash } = await checkCertificateRequest(request)
  const both = { ...old, nextKeyHash }
  const next = makeMembership(async () => nextKeyWay(both, shown))
  // Everybody who asks the host meanwhile knows that it may have two.
  const seen = { answered: 0, failed: [] as unknown[] }
  const asking = new AbortController()
  const rows = Array.from({ length: 4 }, async () => {
    const client = makeMembership(async () => tlsWay(both, shown))
    while (!asking.signal.aborted)
      await client.about().then(
        () => void seen.answered++,
        (error: unknown) => void seen.failed.push(error),
      )
  })
  const more = async () => {
    const goal = seen.answered + 40
    await until('40 more answers', async () => seen.answered >= goal)
  }
  await more()
  await assert.rejects(next.useKey(nextKeyHash), { code: 'hosts.not_itself' }, 'it has no certificate yet')
  const name = certificateNameOf(HOST.name)
  const certificate = await authority.sign(publicKey, { commonName: name, dnsNames: [name], days: 7 })
  await asOld.setCertificate(certificate)
  await more()
  assert.equal(await keyHashAt({ host: '127.0.0.1', port, timeoutMs: 2000 }), key.hash, 'the old one answers')
  await assert.rejects(asOld.useKey(nextKeyHash), { code: 'invalid' }, 'not by the old key')
  assert.equal((await next.about()).host.name, HOST.name)
  await asOld.about()
  await next.useKey(nextKeyHash)
  await next.useKey(nextKeyHash)
  await more()
  asking.abort()
  await Promise.all(rows)
  t.diagnostic(`${seen.answered} answered`)
  assert.deepEqual(seen.failed, [])
  assert.equal(await keyHashAt({ host: '127.0.0.1', port, timeoutMs: 2000 }), nextKeyHash)
  await assert.rejects(asOld.about(), { code: 'hosts.not_itself' })
  await assert.rejects(asOld.setCertificate(await certify(key, 7)), { code: 'hosts.not_itself' })
  key = await openHostKey(membership.credentials()?.key ?? '')
  assert.equal(key.hash, nextKeyHash)
})

test('the addresses of the others are kept, and the agent is woken to let them in', async () => {
  const client = await asControl()
  const before = woken
  const host = { name: HOST.name, address: HOST.address }
  const fleet: Fleet = { hosts: [host], services: { 'postgres-1': HOST.name } }
  await client.setFleet(fleet)
  assert.equal(woken, before + 1)
  assert.deepEqual((await client.about()).fleet, fleet)
  const wrong = { ...fleet, hosts: [{ ...host, address: '10.0.0.1; flush ruleset' }] }
  await assert.rejects(client.setFleet(wrong), { code: 'invalid' })
})

test('a host that is told of its removal remembers it', async () => {
  await (await asControl()).removed()
  assert.equal(membership.isRemoved(), true)
  const again = await openMembership({ home, host: HOST, version: '1' } as AgentConfig)
  assert.equal(again.isRemoved(), true)
})
