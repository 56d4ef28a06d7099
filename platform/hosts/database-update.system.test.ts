import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { PlatformConfig } from '#contract/agent.ts'
import { addressesOf, POSTGRES_HOST } from '#contract/installation.ts'
import { makeSparing } from '#runtime/agent/spare-members.ts'
import { FIRST_HOST } from '#runtime/agent/test-agent.ts'
import { makeTestHost, newestImage, type TestHost, until } from '#runtime/agent/test-host.ts'
import { makeLog } from '#runtime/kit/log.ts'
import { leaderLast } from './cluster-settings.ts'
import { ensureFolders, ensureSecrets, writeComponentFiles } from './component-files.ts'
import { convergePlatform } from './converge.ts'
import { waitUntilSpare } from './database-pair.ts'
import { handingOver } from './handing-over.ts'
import { platformConfig } from './platform-config.ts'
import { type PatroniMember, type Place, readDatabasePair } from './wait-healthy.ts'

/** The pair, its store and the way to it, without the rest of the platform. */
const PARTS: readonly string[] = ['etcd', 'postgres-1', 'postgres-2', 'pgproxy']
/** A planned change of the leader takes 2 s on a quiet machine; a failover waits for its lease of 5 s. */
const STALL_MS = 5_000

let host: TestHost
let place: Place
let platform: PlatformConfig
let superuser = ''

before(async () => {
  host = await makeTestHost(218)
  const { docker, installation, home, authority } = host
  place = { installation, home, rootPem: authority.rootPem }
  await ensureFolders(home, true)
  const secrets = await ensureSecrets(home)
  superuser = secrets.superuser
  const [database, patroni] = [await newestImage(docker, 'database'), await newestImage(docker, 'patroni')]
  const { base, edge } = host.images
  const { etcd, networks } = addressesOf(installation)
  const common = { installation, home, host: FIRST_HOST, hostCaBundle: '' }
  const written = {
    ...common,
    images: { app: base, builder: base, database, edge, detector: '' },
    version: '1',
  }
  const files = await writeComponentFiles({ ...written, authority, stores: [etcd[0]] }, secrets)
  const images = { database, patroni, edge, platform: base }
  const all = platformConfig({ ...common, images, files, generation: 1, canPrivilege: true })
  platform = {
    generation: 1,
    networks: [networks.data, networks.edge, networks.apps],
    containers: [
      ...all.containers.filter(({ component }) => PARTS.includes(component)),
      ...host.platform.containers,
    ],
  }
  await convergePlatform(deps(), platform)
  await until('a synchronous pair', isWhole, 120_000)
  const client = await connect(
    addressesOf(installation).postgres[leaderAt(await members())] ?? '',
    'postgres',
  )
  await client.query(`CREATE ROLE visitor LOGIN PASSWORD '${superuser}'`)
  await client.query('CREATE TABLE entry (n serial PRIMARY KEY)')
  await client.query('GRANT ALL ON ALL TABLES IN SCHEMA public TO visitor')
  await client.query('GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO visitor')
  await client.end()
})
after(() => host?.destroy())

function deps() {
  const { docker, installation, home } = host
  const own = { docker, owner: installation.id }
  return { ...own, handOver: handingOver({ ...own, home }) }
}

const members = async (): Promise<PatroniMember[]> => (await readDatabasePair(place)) ?? []
const leaderAt = (all: readonly PatroniMember[]) =>
  Number(all.find(({ role }) => role === 'leader')?.name.slice('postgres-'.length)) - 1
const isWhole = async () =>
  (await members()).some(({ role, state }) => role === 'sync_standby' && state === 'streaming')

async function connect(address: string, user: string): Promise<pg.Client> {
  const ssl = { ca: place.rootPem, servername: POSTGRES_HOST }
  const how = { host: address, user, password: superuser, database: 'postgres', ssl }
  const client = new pg.Client({ ...how, connectionTimeoutMillis: 1000, query_timeout: 5000 })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** An app whose driver sends again what failed. Gives how many rows it wrote and how long it had to wait at most. */
async function writing(work: () => Promise<unknown>) {
  const over = new AbortController()
  const seen = { rows: 0, again: 0, longestMs: 0 }
  const writer = async () => {
    let client: pg.Client | undefined
    let since = performance.now()
    while (!over.signal.aborted) {
      try {
        client ??= await connect(addressesOf(place.installation).pgproxy.apps, 'visitor')
        await client.query('INSERT INTO entry DEFAULT VALUES')
        seen.rows += 1
        seen.longestMs = Math.max(seen.longestMs, performance.now() - since)
        since = performance.now()
        await pause(5)
      } catch {
        seen.again += 1
        await client?.end().catch(() => {})
        client = undefined
        await pause(20)
      }
    }
    await client?.end()
  }
  const writers = [writer(), writer()]
  await until('the first rows', async () => seen.rows > 20)
  await work().finally(() => over.abort())
  await Promise.all(writers)
  return seen
}

/** The pair with a newer image, which a changed environment stands for. */
const newer = (round: number, ...components: string[]): PlatformConfig => ({
  ...platform,
  containers: platform.containers.map((spec) =>
    components.includes(spec.component) ? { ...spec, env: { ...spec.env, ROUND: String(round) } } : spec,
  ),
})
const ids = () =>
  Promise.all(
    ['postgres-1', 'postgres-2'].map(
      async (member) => (await host.docker.containers.inspect(`${host.installation.name}-${member}`))?.id,
    ),
  )

async function replaced(t: TestContext, what: string, work: () => Promise<unknown>): Promise<void> {
  const [before, ledBefore] = [await ids(), leaderAt(await members())]
  const { rows, again, longestMs } = await writing(async () => {
    await work()
    await until('a whole pair', isWhole, 120_000)
  })
  const after = await ids()
  t.diagnostic(
    `${what}: ${rows} rows, ${again} attempts failed, writes stood still for ${Math.round(longestMs)} ms`,
  )
  assert.ok(after.every((id, at) => id !== undefined && id !== before[at]))
  assert.notEqual(leaderAt(await members()), ledBefore, 'the lead was handed over once')
  assert.ok(longestMs < STALL_MS, `writes stood still for ${Math.round(longestMs)} ms`)
}

test('`maru up` with a newer image: the standby first, then a planned change of the leader', async (t) => {
  await replaced(t, 'maru up', async () => {
    const wanted = newer(1, 'postgres-1', 'postgres-2')
    const containers = leaderLast(wanted.containers, ({ component }) => component, await members())
    const beforeReplacing = (name: string) => waitUntilSpare(host.docker, place, name)
    await convergePlatform({ ...deps(), beforeReplacing }, { ...wanted, containers })
  })
})

test('the agent, pass by pass, where nobody runs `maru up`: it leaves a member as it is until it can be spared', async (t) => {
  const { docker, installation, home, authority } = host
  const log = makeLog('error', (line) => process.stderr.write(`${line}\n`))
  const pass = await authority.issue({ commonName: 'agent', dnsNames: ['agent'], days: 1, client: true })
  const issuePass = async () => ({ ca: authority.rootPem, cert: pass.certPem, key: pass.keyPem })
  const sparing = makeSparing({ installation, home, docker, log, issuePass })
  const wanted = newer(2, 'postgres-1', 'postgres-2')
  const before = await ids()
  let passes = 0
  await replaced(t, 'agent', () =>
    until('both to be replaced', async () => {
      passes += 1
      await convergePlatform(deps(), wanted, { leave: await sparing(wanted) })
      return (await ids()).every((id, at) => id !== before[at])
    }),
  )
  assert.ok(passes > 1, 'both were replaced at once')
})

test('the way to the pair is replaced between two statements of one connection', async () => {
  const client = await connect(addressesOf(host.installation).pgproxy.apps, 'visitor')
  await client.query('BEGIN')
  await client.query('INSERT INTO entry DEFAULT VALUES')
  const steps = await convergePlatform(deps(), newer(3, 'postgres-1', 'postgres-2', 'pgproxy'), {
    leave: ['postgres-1', 'postgres-2'],
  })
  assert.match(steps.join(), /hand .*-pgproxy over/)
  assert.equal((await client.query('COMMIT')).command, 'COMMIT')
  await client.end()
})
