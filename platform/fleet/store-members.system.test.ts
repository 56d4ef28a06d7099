import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ContainerSpec } from '#contract/agent.ts'
import { Fleet } from '#contract/fleet.ts'
import { HostIdentity } from '#contract/host-identity.ts'
import { type AgentConfig, addressesOf, type Installation } from '#contract/installation.ts'
import { convergeContainers, convergeNetworks } from '#platform/hosts/converge.ts'
import { platformConfig } from '#platform/hosts/platform-config.ts'
import { makeServiceBundle, type TierService, writeServiceFiles } from '#platform/hosts/service-files.ts'
import { componentOf, ETCD_SERVICES, serviceAddress } from '#platform/mesh/index.ts'
import { type Authority, openAuthority } from '#platform/trust/index.ts'
import { watchEtcdMember } from '#runtime/agent/etcd-member.ts'
import type { HostMembership } from '#runtime/agent/membership.ts'
import { newestImage, removeOwned, until } from '#runtime/agent/test-host.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { type EtcdClient, makeEtcdClient } from '#runtime/drivers/etcd-client.ts'
import { makeLog } from '#runtime/kit/log.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { giveUpParts } from './give-up-parts.ts'
import type { HostRow } from './tables.ts'

/** Real members of a store whose hosts come and go, each looked after as the agent of its host does. All are in one engine. */
const docker = makeDocker('/var/run/docker.sock')
const silent = makeLog('error', () => undefined)
const name = `t${process.pid.toString(36)}s`
const installation: Installation = {
  id: `test-${name}`,
  name,
  domain: 'test.localhost',
  createdAt: new Date().toISOString(),
  ports: { http: 20_210, https: 21_210 },
  subnet: '10.210',
}
const deps = { docker, owner: installation.id }
/** A busy machine's patience. */
const PATIENCE_MS = 120_000
type Voice = (typeof ETCD_SERVICES)[number]

let folder: string
let authority: Authority
let database: string
let pass: { readonly ca: string; readonly cert: string; readonly key: string }
let store: EtcdClient
let services: Fleet['services'] = {}
let backAtNew: () => Promise<unknown>
const ended = new AbortController()
/** What the engine runs, by component. */
const running = new Map<string, ContainerSpec>()

const fleet = (): Fleet => {
  const names = [...new Set(Object.values(services))]
  return Fleet.parse({
    hosts: names.map((host, at) => ({ name: host, address: `192.0.2.${at + 1}` })),
    services,
  })
}
const homeOf = (host: string) => join(folder, host)
const hostOf = (host: string, first: boolean) =>
  HostIdentity.parse({ name: host, dataCentre: 'dc1', address: '192.0.2.9', role: 'full', first })

before(async () => {
  folder = await mkdtemp('/var/tmp/maru-test-')
  authority = await openAuthority(join(folder, 'pki'))
  database = await newestImage(docker, 'database')
  const data = addressesOf(installation).networks.data
  await convergeNetworks(deps, [data])
  const own = { commonName: 'control', dnsNames: ['control'], days: 2, client: true }
  const { certPem: cert, keyPem: key } = await authority.issue(own)
  pass = { ca: authority.rootPem, cert, key }
  for (const [file, text] of Object.entries(pass)) await writeFile(join(folder, file), text)
  store = makeEtcdClient({ urls: ETCD_SERVICES.map((voice) => urlOf(voice)), ...pass })
  await bring('first', 'etcd-1', true)
  await until('the first member', async () => (await members()).length === 1)
})
after(async () => {
  ended.abort()
  store?.close()
  await removeOwned(docker, installation.id)
  await rm(folder, { recursive: true, force: true })
})

const urlOf = (voice: Voice) => `https://${serviceAddress(installation, voice).address}:2379`
const members = () => store.members().catch(() => [])
const voices = async () => (await members()).filter(({ isLearner }) => !isLearner).map((one) => one.name)

/** What a host is given for a member, and what its engine is to run. */
async function bring(host: string, voice: Voice, first = false): Promise<() => Promise<unknown>> {
  const home = homeOf(host)
  const none = { passwords: { superuser: '', replication: '', rewind: '' } }
  const secrets = { ...none, control: { masterKey: '', authSecret: '', database: '', authorityKey: '' } }
  const bundle = await makeServiceBundle(installation, authority, secrets, voice)
  await writeServiceFiles({ installation, home }, voice satisfies TierService, bundle, [])
  const images = { database, patroni: database, edge: database, platform: database }
  const plain = {
    installation,
    home,
    images,
    generation: 1,
    files: {},
    hostCaBundle: '/none',
    canPrivilege: true,
  }
  const { containers } = platformConfig({ ...plain, host: { first, role: 'witness' } })
  const spec = containers.find(({ component }) => component === componentOf(voice))
  const start = async () => {
    if (spec !== undefined) running.set(spec.component, spec)
    await convergeContainers(deps, [...running.values()], () => true)
  }
  if (first) await start()
  return start
}

/** The host of a member loses its power. */
async function lose(voice: Voice): Promise<void> {
  running.delete(componentOf(voice))
  await docker.containers.remove(`${name}-${componentOf(voice)}`)
}

/** A host that joined gets a member: its agent looks after it from now on. Gives what its engine does when it has it again. */
async function place(host: string, voice: Voice): Promise<() => Promise<unknown>> {
  const start = await bring(host, voice)
  services = { ...services, [voice]: host as HostIdentity['name'] }
  const config = { installation, home: homeOf(host), host: hostOf(host, false) } as AgentConfig
  const about = () => ({ controlSeenAt: new Date().toISOString() })
  const membership = {
    about,
    fleet,
    credentials: () => pass,
    isRemoved: () => false,
  } as unknown as HostMembership
  const onJoined = () => void start().catch((error: unknown) => assert.fail(String(error)))
  watchEtcdMember({ config, membership, log: silent, onJoined }, ended.signal)
  return start
}

/** Whom the members follow, where one of them says it. */
async function leader(): Promise<string | undefined> {
  const [some] = await voices()
  const status = await store.status(urlOf(some as Voice)).catch(() => undefined)
  return (await members()).find(({ id }) => id === status?.leader)?.name
}

/** Has a member lead the store. A busy machine may not answer in time. */
async function lead(voice: Voice): Promise<void> {
  const isLed = async () => {
    const [now, next] = [await leader(), (await members()).find((one) => one.name === voice)]
    if (now !== voice) await store.handLeadTo(urlOf(now as Voice), next?.id ?? '')
    return now === voice
  }
  await until(`${voice} to lead`, () => isLed().catch(() => false), PATIENCE_MS)
}

const settled = (what: string, ...expected: readonly Voice[]) =>
  until(what, async () => (await voices()).sort().join() === expected.join(), PATIENCE_MS)

test('the host of the first member is lost, and another has that member instead', async () => {
  services = { 'etcd-1': 'first' as HostIdentity['name'] }
  await place('voice', 'etcd-2')
  await settled('two voices', 'etcd-1', 'etcd-2')
  await place('west', 'etcd-3')
  await settled('three voices', 'etcd-1', 'etcd-2', 'etcd-3')
  const before = (await members()).find((one) => one.name === 'etcd-1')

  await lose('etcd-1')
  const { 'etcd-1': _, ...rest } = services
  services = rest
  await settled('the others to take it out', 'etcd-2', 'etcd-3')

  backAtNew = await place('new', 'etcd-1')
  await settled('three voices again', 'etcd-1', 'etcd-2', 'etcd-3')
  const after = (await members()).find((one) => one.name === 'etcd-1')
  assert.notEqual(after?.id, before?.id)
  assert.deepEqual(after?.peerUrls, before?.peerUrls)
})

test('a member comes back to a host that had it before, with the data of a membership that is over: it begins anew there', async () => {
  const idOf = async () => (await members()).find((one) => one.name === 'etcd-1')?.id
  const isWhole = async () => {
    const [id, said] = [await idOf(), await store.status(urlOf('etcd-1')).catch(() => undefined)]
    return said !== undefined && said.id === id && !said.isLearner && said.leader !== undefined
  }
  const first = await idOf()
  await lose('etcd-1')
  await place('other', 'etcd-1')
  await until(
    'another host to have it',
    async () => (await idOf()) !== first && (await isWhole()),
    PATIENCE_MS,
  )
  const second = await idOf()

  await lose('etcd-1')
  services = { ...services, 'etcd-1': 'new' as HostIdentity['name'] }
  await backAtNew()
  await until(
    'the host to have it again',
    async () => (await idOf()) !== second && (await isWhole()),
    PATIENCE_MS,
  )
  assert.equal((await voices()).length, 3)
})

test('of two members, one is taken out before its host goes: the other goes on alone', async () => {
  const listen = { certFile: join(folder, 'cert'), keyFile: join(folder, 'key') }
  const config = {
    installation,
    caFile: join(folder, 'ca'),
    listen,
    patroni: [],
    patroniCa: join(folder, 'ca'),
  }
  const going = { config, db: undefined, log: silent } as unknown as ServerDeps
  const row = (host: string) => ({ name: host, is_first: false }) as HostRow
  await docker.containers.freeze(`${name}-etcd-3`)
  await assert.rejects(giveUpParts(going, row('voice'), fleet()), { code: 'hosts.still_needed' })
  await docker.containers.thaw(`${name}-etcd-3`)
  await lead('etcd-2')
  // Of three, the others take it out themselves, but it leads them no more.
  await giveUpParts(going, row('voice'), fleet())
  assert.equal((await voices()).length, 3)
  assert.notEqual(await until('one of them to lead', leader, PATIENCE_MS), 'etcd-2')
  await lose('etcd-2')
  const { 'etcd-2': _, ...rest } = services
  services = rest
  await settled('two', 'etcd-1', 'etcd-3')

  ended.abort()
  await lead('etcd-3')
  const west = (await members()).find((one) => one.name === 'etcd-3')
  await giveUpParts(going, row('west'), fleet())
  await lose('etcd-3')
  await settled('one', 'etcd-1')
  await store.get('anything')
  // Whoever asks again because no answer came is told that it is done.
  assert.ok(west)
  await store.removeMember(west.id)
})
