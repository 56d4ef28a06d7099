import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { PlatformConfig } from '#contract/agent.ts'
import { addressesOf, POSTGRES_HOST } from '#contract/installation.ts'
import { FIRST_HOST } from '#runtime/agent/test-agent.ts'
import { makeTestHost, newestImage, type TestHost, until } from '#runtime/agent/test-host.ts'
import { ensureFolders, ensureSecrets, writeComponentFiles } from './component-files.ts'
import { type ConvergeDeps, convergePlatform } from './converge.ts'
import { handingOver } from './handing-over.ts'
import { platformConfig } from './platform-config.ts'
import { type PatroniMember, type Place, readDatabasePair } from './wait-healthy.ts'

/** The pair, its store and the way to it, without the rest of the platform. */
const PARTS: readonly string[] = ['etcd', 'postgres-1', 'postgres-2', 'pgproxy']

/** What an app saw whose driver sends again what failed. */
export interface Written {
  readonly rows: number
  /** Attempts that failed. */
  readonly again: number
  /** How long it had to wait for a row at most. */
  readonly longestMs: number
}

/** A database pair of a test's own, with a table `entry` of an app that is called `visitor`. */
export interface TestPair {
  readonly host: TestHost
  readonly place: Place
  readonly platform: PlatformConfig
  deps(): ConvergeDeps
  members(): Promise<PatroniMember[]>
  isWhole(): Promise<boolean>
  /** A connection to one address, as one of the pair's people. */
  connect(address: string, user: string): Promise<pg.Client>
  /** Writes as an app does, by way of the proxy, until the work is done. */
  writing(work: () => Promise<unknown>): Promise<Written>
}

export const leaderAt = (all: readonly PatroniMember[]) =>
  Number(all.find(({ role }) => role === 'leader')?.name.slice('postgres-'.length)) - 1

/** Makes one on a test host; see there for `second`. Whoever gets it destroys its host. */
export async function makeTestPair(second: number): Promise<TestPair> {
  const host = await makeTestHost(second)
  try {
    return await makePairOn(host)
  } catch (error) {
    await host.destroy()
    throw error
  }
}

async function makePairOn(host: TestHost): Promise<TestPair> {
  const { docker, installation, home, authority } = host
  const place = { installation, home, rootPem: authority.rootPem }
  await ensureFolders(home, true)
  const secrets = await ensureSecrets(home)
  const platform = await planPair(host, secrets)
  const deps = () => {
    const own = { docker, owner: installation.id }
    return { ...own, handOver: handingOver({ ...own, home }) }
  }
  const members = async () => (await readDatabasePair(place)) ?? []
  const isWhole = async () =>
    (await members()).some(({ role, state }) => role === 'sync_standby' && state === 'streaming')
  const connect = async (address: string, user: string) => {
    const ssl = { ca: place.rootPem, servername: POSTGRES_HOST }
    const how = { host: address, user, password: secrets.superuser, database: 'postgres', ssl }
    const client = new pg.Client({ ...how, connectionTimeoutMillis: 1000, query_timeout: 5000 })
    client.on('error', () => {})
    await client.connect()
    return client
  }
  await convergePlatform(deps(), platform)
  await until('a synchronous pair', isWhole, 120_000)
  const at = addressesOf(installation)
  const client = await connect(at.postgres[leaderAt(await members())] ?? '', 'postgres')
  await client.query(`CREATE ROLE visitor LOGIN PASSWORD '${secrets.superuser}'`)
  await client.query('CREATE TABLE entry (n serial PRIMARY KEY)')
  await client.query('GRANT ALL ON ALL TABLES IN SCHEMA public TO visitor')
  await client.query('GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO visitor')
  await client.end()
  const visit = () => connect(at.pgproxy.apps, 'visitor')
  const writing = (work: () => Promise<unknown>) => writeMeanwhile(visit, work)
  return { host, place, platform, deps, members, isWhole, connect, writing }
}

async function planPair(
  { docker, installation, home, authority, images: have, platform }: TestHost,
  secrets: Awaited<ReturnType<typeof ensureSecrets>>,
): Promise<PlatformConfig> {
  const [database, patroni] = [await newestImage(docker, 'database'), await newestImage(docker, 'patroni')]
  const { base, edge } = have
  const { etcd, networks } = addressesOf(installation)
  const common = { installation, home, host: FIRST_HOST, hostCaBundle: '' }
  const images = { app: base, builder: base, database, edge, detector: '' }
  const written = { ...common, images, version: '1', authority, stores: [etcd[0]] }
  const files = await writeComponentFiles(written, secrets)
  const own = { database, patroni, edge, platform: base }
  const all = platformConfig({ ...common, images: own, files, generation: 1, canPrivilege: true })
  return {
    generation: 1,
    networks: [networks.data, networks.edge, networks.apps],
    containers: [
      ...all.containers.filter(({ component }) => PARTS.includes(component)),
      ...platform.containers,
    ],
  }
}

async function writeMeanwhile(
  visit: () => Promise<pg.Client>,
  work: () => Promise<unknown>,
): Promise<Written> {
  const over = new AbortController()
  const seen = { rows: 0, again: 0, longestMs: 0 }
  const writer = async () => {
    let client: pg.Client | undefined
    let since = performance.now()
    while (!over.signal.aborted) {
      try {
        client ??= await visit()
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
