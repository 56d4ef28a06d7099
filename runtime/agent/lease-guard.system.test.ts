import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ContainerSpec } from '#contract/agent.ts'
import type { HostName } from '#contract/ids.ts'
import { addressesOf, HOME, type Installation, UID } from '#contract/installation.ts'
import { convergeContainers, convergeNetworks } from '#platform/hosts/converge.ts'
import { leaderKey, tlsFiles } from '#platform/hosts/database-tier.ts'
import { platformConfig } from '#platform/hosts/platform-config.ts'
import { openAuthority } from '#platform/trust/index.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { type EtcdClient, makeEtcdClient } from '#runtime/drivers/etcd-client.ts'
import { ensureFolder, writeFileAtomic } from '#runtime/drivers/files.ts'
import { knock } from '#runtime/drivers/knock.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { passFor } from './cluster-pass.ts'
import { watchEngine } from './engine-watch.ts'
import { guardLease, look } from './lease-guard.ts'
import type { Lead } from './lease-plan.ts'
import { speakUp } from './silence.ts'
import { newestImage, removeOwned, until } from './test-host.ts'

const docker = makeDocker('/var/run/docker.sock')
const log = makeLog('error', (line) => process.stderr.write(`${line}\n`))
const name = `t${process.pid.toString(36)}l`
const installation: Installation = {
  id: `test-${name}`,
  name,
  domain: 'test.localhost',
  createdAt: new Date().toISOString(),
  ports: { http: 20_208, https: 21_208 },
  subnet: '10.208',
}
const { containers } = docker
const KEY = leaderKey(installation)
let home: string
let store: EtcdClient

/** A real etcd with the installation's certificates, and two containers that only have the names of members. */
before(async () => {
  home = await mkdtemp('/var/tmp/maru-test-')
  const [database, base] = await Promise.all([newestImage(docker, 'database'), newestImage(docker, 'base')])
  await writeCertificates()
  const images = { database, patroni: base, edge: base, platform: base }
  const plain = {
    installation,
    home,
    images,
    generation: 1,
    files: {},
    hostCaBundle: '/none',
    canPrivilege: true,
    host: { first: true, role: 'full' as const },
  }
  const platform = platformConfig(plain)
  const deps = { docker, owner: installation.id }
  await convergeNetworks(
    deps,
    platform.networks.filter((network) => network.name === addressesOf(installation).networks.data.name),
  )
  const etcd = platform.containers.filter(({ component }) => component === 'etcd')
  await convergeContainers(deps, [...etcd, member(1, base), member(2, base)], () => true)
  const urls = [`https://${addressesOf(installation).etcd[0]}:2379`]
  store = makeEtcdClient({ urls, ...(await passFor({ home }, { credentials: () => null })()) })
  await until('the store', () =>
    store.get(KEY).then(
      () => true,
      () => false,
    ),
  )
})

after(async () => {
  store?.close()
  await removeOwned(docker, installation.id)
  await rm(home, { recursive: true, force: true })
})

const member = (n: number, image: string) =>
  ContainerSpec.parse({
    name: `${name}-postgres-${n}`,
    component: `postgres-${n}`,
    image,
    command: ['sleep', 'infinity'],
    networks: [{ name: 'none' }],
    stopTimeoutS: 1,
  })

async function writeCertificates(): Promise<void> {
  const folder = join(home, HOME.etcd)
  const owner = { uid: UID.etcd, gid: UID.etcd }
  for (const path of [home, folder, `${folder}/data`, `${folder}/tls`]) await ensureFolder(path, 0o755)
  await ensureFolder(`${folder}/data`, 0o700, owner)
  const authority = await openAuthority(join(home, HOME.pki))
  const addresses = [addressesOf(installation).etcd[0]]
  const issued = await authority.issue({
    commonName: 'etcd',
    dnsNames: ['etcd'],
    addresses,
    days: 2,
    client: true,
  })
  const files = tlsFiles(folder)
  await writeFileAtomic(files.ca, authority.rootPem, { mode: 0o600, owner })
  await writeFileAtomic(files.cert, issued.certPem, { mode: 0o600, owner })
  await writeFileAtomic(files.key, issued.keyPem, { mode: 0o600, owner })
}

/** As Patroni does when it takes the lead: a write, whether the name is new or not. */
async function takeLead(of: string): Promise<void> {
  const { ca, cert, key } = tlsFiles(join(home, HOME.etcd))
  const where = [`--endpoints=https://${addressesOf(installation).etcd[0]}:2379`]
  const argv = ['etcdctl', ...where, `--cacert=${ca}`, `--cert=${cert}`, `--key=${key}`, 'put', KEY, of]
  const done = await containers.exec(`${name}-etcd`, argv)
  assert.equal(done.exitCode, 0, done.stderr)
}

const holder = async () => (await store.get(KEY))?.value
const run = (n: number) => containers.inspect(`${name}-postgres-${n}`)
const lookOnce = (seen?: Parameters<typeof look>[2]) => look({ installation, docker, log }, store, seen)

async function kill(n: number): Promise<void> {
  process.kill((await run(n))?.pid ?? assert.fail('not running'), 'SIGKILL')
}

/** Kills the main process and waits until the engine has started the container again. */
async function restart(n: number): Promise<void> {
  const before = (await run(n))?.startedAt?.getTime() ?? 0
  await kill(n)
  await until('started again', async () => {
    const now = await run(n)
    return now?.pid !== 0 && (now?.startedAt?.getTime() ?? 0) > before
  })
}

test('a live leader keeps its lead, also when it is frozen, and when the other member dies', async () => {
  await takeLead('postgres-1')
  const seen = await lookOnce()
  assert.equal(seen?.member, 'postgres-1')
  await restart(2)
  await lookOnce(seen)
  await containers.freeze(`${name}-postgres-1`)
  await lookOnce(seen)
  await containers.thaw(`${name}-postgres-1`)
  assert.equal(await holder(), 'postgres-1')
})

test('a container that is dead loses its lead', async () => {
  await takeLead('postgres-1')
  await containers.stop(`${name}-postgres-1`, 0)
  await lookOnce()
  assert.equal(await holder(), undefined)
  await containers.start(`${name}-postgres-1`)
})

test('a container that was started again loses the lead of its life before, and keeps the one that it took after', async () => {
  await takeLead('postgres-1')
  const seen = await lookOnce()
  await restart(1)
  await lookOnce(seen)
  assert.equal(await holder(), undefined)
  await takeLead('postgres-1')
  await lookOnce(seen)
  assert.equal(await holder(), 'postgres-1')
})

test('a lead that was taken anew between the look and the deletion stays', async () => {
  await takeLead('postgres-1')
  const entry = (await store.get(KEY)) ?? assert.fail('no lead')
  await takeLead('postgres-1')
  assert.equal(await store.deleteExactly(KEY, entry), false)
  const now = (await store.get(KEY)) ?? assert.fail('no lead')
  assert.equal(await store.deleteExactly(KEY, { ...now, value: 'postgres-2' }), false)
  assert.equal(await holder(), 'postgres-1')
})

test('nothing is done for a member of another host', async () => {
  await takeLead('postgres-3')
  await lookOnce()
  assert.equal(await holder(), 'postgres-3')
})

const say = (self: string, lead: Lead) =>
  speakUp({ installation, log, self: self as HostName }, { current: async () => store }, lead)

/** Somebody takes the lead; gives it with its revision. */
async function newLead(member: string): Promise<Lead> {
  await takeLead(member)
  const { revision } = (await store.get(KEY)) ?? assert.fail('no lead')
  return { member, revision }
}

test('the lead of a silent host goes at the word of two others, not at that of one, however often it is said', async () => {
  const lead = await newLead('postgres-3')
  for (const _ of [1, 2]) assert.equal(await say('west', lead), lead)
  assert.equal(await holder(), 'postgres-3')
  assert.equal(await say('third', lead), undefined)
  assert.equal(await holder(), undefined)
})

test('a network in which nobody has the address is silent', async () => {
  const host = `${installation.subnet}.0.250`
  assert.equal(await knock({ host, port: 7444, timeoutMs: 500 }), false)
})

test('what was said about an earlier lead counts no more, and every word is forgotten soon', async () => {
  const before = await newLead('postgres-3')
  await say('west', before)
  const now = await newLead('postgres-3')
  assert.equal(await say('third', now), now)
  assert.equal(await say('third', before), undefined)
  assert.equal(await holder(), 'postgres-3')
  await until('nothing is said any more', async () => (await store.count('/silence/')) === 0)
})

test('woken by the engine, the guard frees the lead of a leader that has just died', async (t) => {
  await takeLead('postgres-1')
  const ended = new AbortController()
  t.after(() => ended.abort())
  const issuePass = passFor({ home }, { credentials: () => null })
  const deps = {
    installation,
    docker,
    log,
    issuePass,
    keepsMember: () => true,
    stores: () => [addressesOf(installation).etcd[0]],
  }
  const guard = guardLease(deps, ended.signal)
  let events = 0
  const onEvent = () => {
    events++
    guard.wake()
  }
  watchEngine(docker, installation.id, log, onEvent, ended.signal)
  await until('the events are followed', async () => {
    await restart(2)
    return events > 0
  })
  assert.equal(await holder(), 'postgres-1')
  const killedAt = performance.now()
  await kill(1)
  await until('the lead is free', async () => (await holder()) === undefined, 5_000)
  t.diagnostic(`free after ${Math.round(performance.now() - killedAt)} ms`)
})
