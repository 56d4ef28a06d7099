import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ContainerSpec } from '#contract/agent.ts'
import { Fleet, type ServiceName } from '#contract/fleet.ts'
import { CONTROL_NAME, HostIdentity } from '#contract/host-identity.ts'
import { addressesOf, HOME } from '#contract/installation.ts'
import { refuseRemoved } from '#platform/hosts/joined-agent.ts'
import { makeServiceBundle } from '#platform/hosts/service-files.ts'
import { type Authority, newHostKey, openAuthority, seal } from '#platform/trust/index.ts'
import { type Membership, makeMembership } from '#runtime/drivers/agent-membership.ts'
import { tlsWay } from '#runtime/drivers/agent-transport.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { makeTestAgent, type TestAgent } from './test-agent.ts'
import { until } from './test-host.ts'

/** A host that joined, with everything that a full host can have; it is away while it is removed. */
const SECOND = HostIdentity.parse({
  ...{ name: 'second', dataCentre: 'dc1', address: '127.73.1.2', role: 'full', first: false },
})
const PLACED: readonly ServiceName[] = ['etcd-2', 'postgres-2']
const FLEET = Fleet.parse({
  hosts: [
    // Where the test's own questions come from.
    { name: 'first', address: '127.0.0.1' },
    { name: SECOND.name, address: SECOND.address },
  ],
  services: {
    ...{ 'etcd-1': 'first', 'postgres-1': 'first', control: 'first' },
    ...Object.fromEntries(PLACED.map((service) => [service, SECOND.name])),
  },
})
/** What its engine runs of the platform; those that stand for etcd and PostgreSQL keep their data where the real ones do. */
const STAND_INS = ['agent', ...PLACED, 'pgproxy']

let folder: string
let lab: TestAgent
let control: Membership

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maru-removed-'))
  const authority = await openAuthority(join(folder, 'pki'))
  const key = await newHostKey()
  lab = await makeTestAgent(226, { authority, identity: SECOND, key })
  control = await controlOf(authority, key.hash)
  await placeParts(authority)
})
after(async () => {
  await lab?.destroy()
  await rm(folder, { recursive: true })
})

/** The control plane on another host. */
async function controlOf(authority: Authority, keyHash: string): Promise<Membership> {
  const names = { commonName: CONTROL_NAME, dnsNames: [CONTROL_NAME], days: 1, client: true }
  const { certPem: cert, keyPem } = await authority.issue(names)
  const to = { host: SECOND.name, address: SECOND.address, keyHash }
  return makeMembership(async () => tlsWay(to, { ca: authority.rootPem, cert, key: keyPem }))
}

/** Gives the host its members of the store and of the pair, a way to the database, and an agent's container. */
async function placeParts(authority: Authority): Promise<void> {
  const { host } = lab
  await until('the way to its agent', () => control.about().catch(() => undefined))
  const { certificate } = await control.about()
  const passwords = { superuser: 'a', replication: 'b', rewind: 'c' }
  const secrets = { passwords, control: { masterKey: '', authSecret: '', database: '', authorityKey: '' } }
  for (const service of PLACED) {
    const bundle = await makeServiceBundle(host.installation, authority, secrets, service)
    await control.setBundle({ service, sealed: await seal(JSON.stringify(bundle), certificate ?? '') })
    await mkdir(join(host.home, service, 'data'), { recursive: true })
    await writeFile(join(host.home, service, 'data', 'kept'), service)
  }
  await writeFile(join(host.home, 'etcd-2', 'etcd.json'), '{}')
  await control.setFleet(FLEET)
  const parts = STAND_INS.map(standIn)
  const { networks, containers } = host.platform
  const { data } = addressesOf(host.installation).networks
  const platform = { generation: 2, networks: [data, ...networks], containers: [...containers, ...parts] }
  await writeFile(join(host.home, HOME.platform), JSON.stringify(platform))
  // Only `maru up` makes the agent's.
  const [agent] = parts
  if (agent !== undefined) await host.docker.containers.create(agent, host.installation.id)
  await host.docker.containers.start(`${host.installation.name}-agent`)
}

const standIn = (component: string) =>
  ContainerSpec.parse({
    ...{ name: `${lab.host.installation.name}-${component}`, component, image: lab.host.images.base },
    ...{ command: ['sleep', 'infinity'], networks: [], stopTimeoutS: 1 },
  })

/** What the engine has of this host, running or not. */
const there = async () =>
  (await lab.containers({})).map(({ labels }) => labels[LABELS.component] ?? '').sort()
const running = async () =>
  (await lab.containers({})).flatMap(({ labels, state }) =>
    state === 'running' ? [labels[LABELS.component]] : [],
  )

/** Every file of the data folder that is no socket. */
async function filesOf(home: string): Promise<string[]> {
  const all = await readdir(home, { recursive: true, withFileTypes: true })
  return all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
}

test('a host that comes back after its removal ends everything but its agent, and keeps its data', async () => {
  const { host } = lab
  await lab.applied(await lab.put(['shop', [lab.instance('worker', 1, 1, 'setInterval(()=>{},1e6)')]]))
  const all = [...STAND_INS, 'edge', 'mesh', 'way-control', 'way-etcd-1', 'way-postgres-1', 'detector']
  const wanted = [...all, 'instance', 'resolver'].sort()
  await until('all of it to run', async () => {
    const now = await running()
    return wanted.every((one) => now.includes(one))
  })
  await lab.stop()
  const files = await filesOf(host.home)
  assert.ok(files.some((path) => path.endsWith('postgres-2/data/kept')))

  // Back, it goes on with what it knows, until it is told.
  await lab.start()
  await until('the control plane to reach it', () => control.about().catch(() => undefined))
  const back = await running()
  assert.deepEqual(
    wanted.filter((one) => !back.includes(one)),
    [],
  )
  await refuseRemoved(host.home)
  await control.removed()
  await until('only the agent is left', async () => (await there()).join() === 'agent')

  const now = new Set(await filesOf(host.home))
  const isTransient = (path: string) => /\/run[^/]*\/|\.next$/.test(path)
  assert.deepEqual(
    files.filter((path) => !now.has(path) && !isTransient(path)),
    [],
  )
  for (const service of PLACED)
    assert.equal(await readFile(join(host.home, service, 'data', 'kept'), 'utf8'), service)
  const sentence = 'This host was removed from its installation and ends what it runs.'
  assert.equal(lab.warnings.filter((line) => line.includes(sentence)).length, 1)
  await assert.rejects(refuseRemoved(host.home), {
    code: 'hosts.was_removed',
    message: 'This host was removed from its installation.',
  })
})

test('it stays so: after a restart of its agent, and whatever state it is given', async () => {
  await lab.stop()
  await lab.start()
  await lab.applied(await lab.put(['shop', [lab.instance('worker', 2, 2, 'setInterval(()=>{},1e6)')]]))
  const { sequence } = await lab.client.report(0, 0)
  await until('two more passes', async () => (await lab.client.report(0, 0)).sequence >= sequence + 2)
  const report = await lab.client.report(0, 0)
  assert.deepEqual(
    report.components.map(({ component }) => component),
    ['agent'],
  )
  assert.deepEqual([report.instances, report.problem, report.runsApps], [[], '', false])
  assert.deepEqual(await there(), ['agent'])
})
