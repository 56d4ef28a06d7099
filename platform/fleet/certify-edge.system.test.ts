import assert from 'node:assert/strict'
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type InstanceSpec, WorkloadConfig } from '#contract/agent.ts'
import { CONTROL_NAME, HostIdentity } from '#contract/host-identity.ts'
import type { ControlConfig } from '#contract/installation.ts'
import { HOME, SOCKETS, UID } from '#contract/installation.ts'
import { edgeFiles } from '#platform/edge/index.ts'
import { newHostKey } from '#platform/trust/index.ts'
import { serveHost } from '#platform/workload/host-loops.ts'
import { publish } from '#platform/workload/index.ts'
import { FIRST_HOST, makeTestAgent, type TestAgent } from '#runtime/agent/test-agent.ts'
import { get, programContainer, serverProgram, testApp, until } from '#runtime/agent/test-host.ts'
import { writeFileAtomic } from '#runtime/drivers/files.ts'
import { tryHandshake } from '#runtime/drivers/tls-probe.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { startHub } from '#runtime/server/notify.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { transact } from '#runtime/server/transact.ts'
import { makeAgents } from './agents.ts'
import { registerFirstHost } from './register-first-host.ts'
import { addHost } from './store.ts'

/** Two real agents, each with a real edge. The second has no authority; the control plane's loops are between them. */
let first: TestAgent
let second: TestAgent
let database: TestDatabase
let deps: ServerDeps
let folder: string
const ended = new AbortController()
let serving: Promise<unknown>
let wanted: WorkloadConfig

const SECOND = HostIdentity.parse({
  name: 'second',
  dataCentre: 'dc2',
  address: '127.0.0.9',
  role: 'full',
  first: false,
})
const DAY_MS = 86_400_000
const NAME = 'shop.test.localhost'

before(async () => {
  first = await makeTestAgent(227)
  const key = await newHostKey()
  second = await makeTestAgent(228, { authority: first.host.authority, identity: SECOND, key })
  folder = await mkdtemp(join(tmpdir(), 'maru-certify-'))
  database = await makeTestDatabase()
  const config = await makeConfig()
  const base = { config, db: database.db, log: silent, now: () => new Date() }
  const hub = startHub(database.connection, silent)
  deps = { ...base, hub, agents: makeAgents(base) } as unknown as ServerDeps
  await registerFirstHost(deps)
  const host = { host: SECOND, keyHash: key.hash, version: 'test' }
  const certificateExpiresAt = new Date(Date.now() + 7 * DAY_MS)
  await transact(deps.db, (tx) => addHost(tx, { ...host, certificateExpiresAt }, new Date()))
  wanted = workload(0, [])
  // Longer than any test: whatever is signed here, a ring has told of.
  serving = serveHost(deps, async () => wanted, SECOND.name, ended.signal, DAY_MS)
})
after(async () => {
  ended.abort()
  await serving
  await deps?.hub.close()
  await database?.close()
  await second?.destroy()
  await first?.destroy()
  if (folder !== undefined) await rm(folder, { recursive: true })
})

async function makeConfig(): Promise<ControlConfig> {
  const names = { commonName: CONTROL_NAME, dnsNames: [CONTROL_NAME] }
  const { certPem, keyPem } = await first.host.authority.issue({ ...names, days: 1, client: true })
  const at = (name: string) => join(folder, name)
  await writeFile(at('control.crt'), certPem)
  await writeFile(at('control.key'), keyPem)
  return {
    host: FIRST_HOST,
    version: 'test',
    caFile: join(first.host.home, HOME.pki, 'root.crt'),
    agentSocket: join(first.host.home, HOME.run, SOCKETS.agent),
    listen: { certFile: at('control.crt'), keyFile: at('control.key') },
  } as ControlConfig
}

type App = readonly [name: string, instances: InstanceSpec[]]
const workload = (generation: number, apps: readonly App[]): WorkloadConfig =>
  WorkloadConfig.parse({
    generation,
    peers: [FIRST_HOST.name],
    apps: apps.map(([name, instances]) => ({
      ...testApp(name),
      instances,
      keepImages: instances.map(({ image }) => image),
    })),
  })

/** Hands the second host a state with these apps, as every change of the wanted state does. Gives its number. */
async function want(...apps: App[]): Promise<number> {
  return await transact(deps.db, async (tx) => {
    const generation = await publish(tx)
    wanted = workload(generation, apps)
    return generation
  })
}
const names = (...apps: string[]): App[] => apps.map((name) => [name, []])
const report = () => second.client.report(0, 0)
const applied = (generation: number) =>
  until('the second host to have it', async () => (await report()).generation >= generation)

/** A handshake with the second host's edge, verified against the root. */
const shown = (name: string) => {
  const place = { host: '127.0.0.1', port: second.host.installation.ports.https, name }
  return tryHandshake({ ...place, ca: first.host.authority.rootPem })
}
const believed = (name: string) =>
  until(`a certificate of ${name}`, async () => (await shown(name)).end === 'agreed')
const daysShown = async (name: string) => {
  const handshake = await shown(name)
  return handshake.end === 'agreed' ? (handshake.validTo.getTime() - Date.now()) / DAY_MS : 0
}

test('a joined host serves an app over HTTPS with a certificate that the first host has signed', async (t) => {
  assert.deepEqual(await readdir(join(second.host.home, HOME.pki)), ['root.crt'])
  const web = [second.instance('web', 1, 1, serverProgram('from the second'), { traffic: 'serve' })]
  await first.put(...names('shop'))
  const since = performance.now()
  const generation = await want(['shop', web])
  await believed(NAME)
  t.diagnostic(`the certificate was there after ${Math.round(performance.now() - since)} ms`)
  await applied(generation)
  await until('an answer', async () => (await get(second.host, NAME)).body === 'from the second')
  await believed('test.localhost')
  await until('nothing to be asked for', async () => (await report()).certificatesWanted === 0)
})

test('a new app has its certificate because it was told of, not because somebody looked again', async (t) => {
  await first.put(...names('shop', 'blog'))
  const since = performance.now()
  await want(...names('shop', 'blog'))
  await believed('blog.test.localhost')
  t.diagnostic(`the certificate was there after ${Math.round(performance.now() - since)} ms`)
})

test('a name that the first host does not know is refused, and keeps no other app waiting', async () => {
  const generation = await want(...names('shop', 'blog', 'rogue', 'wiki'))
  await first.put(...names('shop', 'blog', 'wiki'))
  await applied(generation)
  await believed('wiki.test.localhost')
  await until('one to be left', async () => (await report()).certificatesWanted === 1)
  assert.notEqual((await shown('rogue.test.localhost')).end, 'agreed')
  assert.equal((await report()).problem, '')
  // It was a new app that the first host heard of later.
  await first.put(...names('shop', 'blog', 'wiki', 'rogue'))
  await believed('rogue.test.localhost')
})

test('100 apps at once get theirs', { timeout: 120_000 }, async (t) => {
  const many = names(...Array.from({ length: 100 }, (_, n) => `many${n}`))
  await first.put(...names('shop'), ...many)
  const since = performance.now()
  await want(...names('shop'), ...many)
  await believed('many99.test.localhost')
  t.diagnostic(`100 certificates were there after ${Math.round(performance.now() - since)} ms`)
  await until('nothing to be asked for', async () => (await report()).certificatesWanted === 0)
  await believed('many0.test.localhost')
  await first.put(...names('shop'))
  await applied(await want(...names('shop')))
})

test('one that ends soon is renewed; while the first host is away the old one stays in use', async () => {
  await first.stop()
  const { certPem, keyPem } = await first.host.authority.issue({
    commonName: NAME,
    dnsNames: [NAME],
    days: 20,
  })
  const file = join(edgeFiles(second.host.home).certificates, `${NAME}.pem`)
  await writeFileAtomic(file, `${certPem}${keyPem}`, { mode: 0o400 })
  await chown(file, UID.edge, UID.edge)
  await until('it to be in use', async () => Math.round(await daysShown(NAME)) === 20)
  await until('a successor to be asked for', async () => (await report()).certificatesWanted === 1)
  assert.equal(Math.round(await daysShown(NAME)), 20)
  assert.equal((await report()).problem, '')
  await first.start()
  await until('its successor', async () => (await daysShown(NAME)) > 80)
  await until('nothing to be asked for', async () => (await report()).certificatesWanted === 0)
})

test('it runs apps as soon as it has a way to the database, too', async () => {
  assert.equal((await report()).runsApps, false)
  const proxy = { ...programContainer(second.host, 'pgproxy', serverProgram('')), component: 'pgproxy' }
  const platform = { ...second.host.platform, containers: [...second.host.platform.containers, proxy] }
  await writeFileAtomic(join(second.host.home, HOME.platform), JSON.stringify(platform))
  await until('it to say so', async () => (await report()).runsApps)
  await writeFileAtomic(join(second.host.home, HOME.platform), JSON.stringify(second.host.platform))
  await until('it to say that it has none', async () => !(await report()).runsApps)
})
