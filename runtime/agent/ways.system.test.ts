import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { Fleet } from '#contract/fleet.ts'
import { AGENT_PORT, CONTROL_NAME, certificateNameOf, HostIdentity } from '#contract/host-identity.ts'
import { type AgentConfig, HOME, SOCKETS, UID } from '#contract/installation.ts'
import { NO_POLICY } from '#contract/network.ts'
import { meshFiles } from '#platform/mesh/index.ts'
import { ruleOf } from '#platform/network/test-policy.ts'
import {
  type Authority,
  checkCertificateRequest,
  newHostKey,
  openAuthority,
  openHostKey,
} from '#platform/trust/index.ts'
import { makeMembership } from '#runtime/drivers/agent-membership.ts'
import { nextKeyWay, socketWay, tlsWay } from '#runtime/drivers/agent-transport.ts'
import { publicKeyHash } from '#runtime/drivers/tls-probe.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { type Credentials, openMembership } from './membership.ts'
import { withMesh } from './own-mesh.ts'
import type { AgentServerDeps } from './server.ts'
import { serviceBundles } from './service-bundles.ts'
import { until } from './test-host.ts'
import { openWays } from './ways.ts'

const log = makeLog('error', () => undefined)
const PLATFORM = { generation: 1, networks: [], containers: [] }
/** Nothing else on the machine listens there. */
const [EAST, WEST] = ['127.70.1.1', '127.70.1.2']
const hosts = [
  { name: 'east', address: EAST },
  { name: 'west', address: WEST },
]
/** Where the test's own questions come from. */
const NORTH = { name: 'north', address: '127.0.0.1' }
/** What people have allowed. */
let policy = NO_POLICY
const fleetWith = (services: object) => Fleet.parse({ hosts: [...hosts, NORTH], services })

/** The ways of one host's agent, with what is behind them as far as it is about the host itself. */
async function open(name: 'east' | 'west', home: string, authority: Authority, signs = name === 'east') {
  const first = name === 'east'
  const address = first ? EAST : WEST
  const host = HostIdentity.parse({ name, dataCentre: 'dc1', address, role: 'full', first })
  const installation = { id: 'inst_w', name: 'waystest', subnet: '10.251', domain: 'ways.test' }
  const config = { installation, home, host, version: '1', images: { edge: 'x' } } as unknown as AgentConfig
  const membership = await openMembership(config)
  const signer = async () => (signs ? authority : undefined)
  const bundles = serviceBundles(config, membership, signer)
  const deps = {
    membership,
    bundles,
    log,
    wake: () => {},
    standing: () => policy,
  } as unknown as AgentServerDeps
  const ways = await openWays(config, deps)
  const pass = () => withMesh({ config, membership, signer, log }, PLATFORM)
  return { host, membership, ways, pass }
}

const folder = async () => await mkdtemp(join(tmpdir(), 'maru-ways-'))

test('the first host is reached over the network from when there is another, and its key is replaced like any other', async (t) => {
  const home = await folder()
  t.after(() => rm(home, { recursive: true }))
  const authority = await openAuthority(join(home, HOME.pki))
  await mkdir(join(home, HOME.agent))
  const { host, membership, ways, pass } = await open('east', home, authority)
  t.after(() => ways.close())
  const issue = async (name: string) => {
    const made = await authority.issue({ commonName: name, dnsNames: [name], days: 1, client: true })
    return { ca: authority.rootPem, cert: made.certPem, key: made.keyPem }
  }
  const control = await issue(CONTROL_NAME)
  const ask = (keyHash: string, as = control) =>
    makeMembership(async () => tlsWay({ host: host.name, address: EAST, keyHash }, as)).about()

  await pass()
  assert.equal(membership.about().certificate, null)
  await assert.rejects(membership.remove(), { code: 'not_found' }, 'alone, it is the installation')
  await assert.rejects(ask('any'), { code: 'unreachable' })

  await membership.setFleet(fleetWith({ control: 'east' }))
  await pass()
  const shown = new X509Certificate(membership.about().certificate ?? '')
  const keyHash = publicKeyHash(shown)
  await until('the way over the network', async () => await ask(keyHash).catch(() => undefined))
  await assert.rejects(ask(keyHash, await issue(certificateNameOf(host.name))), { status: 503 })

  // The host that it comes from is removed: its control plane's certificate is as good as before, and is refused.
  await membership.setFleet(Fleet.parse({ hosts, services: { control: 'east' } }))
  const isAnswered = () => ask(keyHash).then(({ host: { name } }) => name === host.name)
  await assert.rejects(isAnswered(), { status: 503 })
  // A control plane that comes by another address than its host's is let in by a rule, while that stands.
  const ruled = (from: string, to: string, ports: string[]) => {
    policy = { ...NO_POLICY, rules: [ruleOf('rule-other-way', from, to, ports)] }
    return isAnswered()
  }
  for (const port of ['7701', '7000-8000']) assert.equal(await ruled('127.0.0.0/24', 'agent', [port]), true)
  await assert.rejects(ruled('127.0.1.0/24', 'agent', ['7701']), { status: 503 })
  await assert.rejects(ruled('127.0.0.0/24', 'agent', ['7443']), { status: 503 })
  await assert.rejects(ruled('127.0.0.0/24', 'host', ['7701']), { status: 503 })
  policy = NO_POLICY
  await assert.rejects(isAnswered(), { status: 503 })
  await membership.setFleet(fleetWith({ control: 'east' }))
  assert.equal((await ask(keyHash)).host.name, 'east')
  assert.doesNotMatch(membership.about().certificate ?? '', /PRIVATE/)

  // Where nobody renews one that ends soon, it does so itself, for the same key, and uses it at once.
  const { key } = membership.own() ?? assert.fail()
  const { publicKey } = await checkCertificateRequest(await (await openHostKey(key)).request('x'))
  const name = certificateNameOf(host.name)
  const sign = (of: typeof publicKey, days: number) =>
    authority.sign(of, { commonName: name, dnsNames: [name], days })
  await membership.begin({ cert: await sign(publicKey, 0.5), key })
  await pass()
  const renewed = new X509Certificate(membership.about().certificate ?? '')
  assert.notEqual(renewed.serialNumber, shown.serialNumber)
  assert.equal(publicKeyHash(renewed), keyHash)
  assert.equal((await ask(keyHash)).certificate, membership.about().certificate)
  assert.equal(
    (await shownAt(EAST, control)).serialNumber,
    renewed.serialNumber,
    'it is the one that callers see',
  )

  // A control plane on another host replaces its key, as any other host's.
  const at = { host: host.name, address: EAST, keyHash }
  const asOld = makeMembership(async () => tlsWay(at, control))
  const asked = await checkCertificateRequest((await asOld.certificateRequest(true)).request)
  await asOld.setCertificate(await sign(asked.publicKey, 7))
  await pass()
  assert.equal((await ask(keyHash)).host.name, 'east', 'the old one until the new one has answered')
  const next = { ...at, nextKeyHash: asked.keyHash }
  await makeMembership(async () => nextKeyWay(next, control)).useKey(asked.keyHash)
  await assert.rejects(ask(keyHash), { code: 'hosts.not_itself' })
  await pass()
  const inMesh = await readFile(meshFiles(home).certificate, 'utf8')
  assert.equal(publicKeyHash(new X509Certificate(inMesh)), asked.keyHash, 'its doors and ways, too')

  // An earlier version kept it with the doors alone: it is the same host afterwards.
  for (const file of [HOME.hostKey, HOME.hostCertificate]) await rm(join(home, file))
  const again = await openMembership({ home, host, version: '1' } as AgentConfig)
  const installation = { id: 'inst_w', name: 'waystest', subnet: '10.251', domain: 'ways.test' }
  const config = { installation, home, host, images: { edge: 'x' } } as unknown as AgentConfig
  await withMesh({ config, membership: again, signer: async () => authority, log }, PLATFORM)
  assert.equal(publicKeyHash(new X509Certificate(again.about().certificate ?? '')), asked.keyHash)

  // A control plane on another host tells it that it was removed, although it has the authority's key.
  const way = async () => tlsWay({ ...at, keyHash: asked.keyHash }, control)
  await makeMembership(way).removed()
  assert.deepEqual([membership.isRemoved(), existsSync(join(home, HOME.removed))], [true, true])
})

/** The certificate that an agent shows to who calls. */
async function shownAt(host: string, { ca, cert, key }: Credentials): Promise<X509Certificate> {
  const socket = connect({ host, port: AGENT_PORT, ca, cert, key, checkServerIdentity: () => undefined })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerX509Certificate() ?? assert.fail('it shows none')
  } finally {
    socket.destroy()
  }
}

/** What a host has that has joined. */
async function joined(home: string, days: number): Promise<Authority> {
  const authority = await openAuthority(join(home, HOME.pki))
  const key = await newHostKey()
  const { publicKey } = await checkCertificateRequest(await key.request('x'))
  const name = certificateNameOf('west' as HostIdentity['name'])
  await mkdir(join(home, HOME.agent))
  await writeFile(join(home, HOME.hostKey), key.keyPem)
  await writeFile(
    join(home, HOME.hostCertificate),
    await authority.sign(publicKey, { commonName: name, dnsNames: [name], days }),
  )
  return authority
}

test('where nobody renews it in time, a host that joined does so itself once it has a control plane, for the same key', async (t) => {
  const home = await folder()
  t.after(() => rm(home, { recursive: true }))
  const authority = await joined(home, 0.5)
  const certificateAfter = async (signs: boolean) => {
    const { membership, ways, pass } = await open('west', home, authority, signs)
    await membership.setFleet(fleetWith({ control: 'east', 'control-2': 'west' }))
    await pass()
    ways.close()
    return new X509Certificate(membership.about().certificate ?? '')
  }
  const before = await certificateAfter(false)
  assert.equal((await certificateAfter(false)).serialNumber, before.serialNumber)
  const renewed = await certificateAfter(true)
  assert.notEqual(renewed.serialNumber, before.serialNumber)
  assert.equal(publicKeyHash(renewed), publicKeyHash(before))
  assert.ok(Date.parse(renewed.validTo) - Date.now() > 6 * 86_400_000)
})

test('the second control plane has its sockets while it is placed here, and no longer', async (t) => {
  const home = await folder()
  t.after(() => rm(home, { recursive: true }))
  const authority = await joined(home, 1)
  const { membership, ways } = await open('west', home, authority)
  t.after(() => ways.close())
  const at = (socket: string) => join(home, HOME.run, socket)
  const isThere = (socket: string) => existsSync(at(socket))
  assert.deepEqual([isThere(SOCKETS.host), isThere(SOCKETS.agent)], [true, false])

  await membership.setFleet(fleetWith({ control: 'east', 'control-2': 'west' }))
  await until('its sockets', async () => isThere(SOCKETS.agent) && isThere(SOCKETS.root))
  const about = await makeMembership(socketWay(at(SOCKETS.agent))).about()
  assert.equal(about.host.name, 'west')
  assert.notEqual(membership.about().controlSeenAt, null)
  const { gid, mode } = statSync(at(SOCKETS.agent))
  assert.deepEqual([gid, mode & 0o777], [UID.control, 0o660])

  await membership.setFleet(fleetWith({ control: 'east' }))
  await until('their end', async () => !isThere(SOCKETS.agent) && !isThere(SOCKETS.root))
  assert.equal(isThere(SOCKETS.host), true)
})
