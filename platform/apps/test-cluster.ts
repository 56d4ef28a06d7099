import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { HostView, HostWithInstances } from '#contract/host-view.ts'
import { hostRoutes } from '#contract/hosts.ts'
import { makeHostHandlers } from '#platform/fleet/index.ts'
import { openAuthority } from '#platform/trust/index.ts'
import { loadReports } from '#platform/workload/index.ts'
import { until } from '#runtime/agent/test-host.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import type { Client } from '#runtime/cli/client.ts'
import { rootSocket } from '#runtime/cli/connect.ts'
import { makeTestContext } from '#runtime/cli/test-context.ts'
import { makeTestServer } from '#runtime/server/test-server.ts'
import { places } from './host-places.ts'
import { listInstances } from './instance-store.ts'
import { startPlaces } from './keep-places.ts'
import type { AppRow } from './tables.ts'
import type { TestHost } from './test-host.ts'
import { makeTestPlatform, TEST_HOST, type TestPlatform } from './test-platform.ts'

/** Hosts in data centres, and the way to them that people have: the API of hosts, and a folder that `--home` names. */
export interface TestCluster {
  readonly platform: TestPlatform
  readonly api: Client
  readonly home: string
  host(name: string): TestHost
  /** Adds one more. */
  join(name: string, dataCentre: string): Promise<TestHost>
  deployed(processes?: Readonly<Record<string, string>>): Promise<AppRow>
  /** Where an app's instances are, such as `web.1 far`. */
  placesOf(app: AppRow): Promise<string[]>
  list(): Promise<ReadonlyMap<string, HostView>>
  map(): Promise<ReadonlyMap<string, HostWithInstances>>
  /** Waits until the control plane knows what a host says by now. */
  hear(host: TestHost): Promise<void>
  /** Makes a host have been silent for so long. */
  silence(host: TestHost, seconds: number): Promise<void>
  /** Keeps places, as the control plane does, until the test ends. */
  keepPlaces(): void
  command(): ReturnType<typeof makeTestContext>
}

export const FIRST = TEST_HOST.name
const OPERATOR = { kind: 'root', id: 'root', name: 'root', operator: true, teams: [] } as const

/** The first host is in dc1; `joined` are the others, each with its data centre. */
export async function makeTestCluster(
  t: TestContext,
  joined: Readonly<Record<string, string>>,
): Promise<TestCluster> {
  const platform = await makeTestPlatform()
  t.after(() => platform.close())
  const { db } = platform.deps
  const home = await serve(t, platform)
  const api = makeClient({ kind: 'socket', path: rootSocket(home) })
  t.after(() => api.close())
  const hosts = new Map([[FIRST as string, platform.host]])
  const hear = (host: TestHost) => hearOf(platform, host)
  const join = async (name: string, dataCentre: string) => {
    const host = await platform.join(name, { dataCentre, address: `127.0.0.${hosts.size + 1}` })
    hosts.set(name, host)
    await until(`${name} has reported`, async () => (await loadReports(db)).has(name))
    return host
  }
  await until('the first host has reported', async () => (await loadReports(db)).size === 1)
  for (const [name, dataCentre] of Object.entries(joined)) await join(name, dataCentre)
  return {
    ...{ platform, api, home, hear, join },
    host: (name) => hosts.get(name) ?? assert.fail(name),
    async deployed(processes) {
      const app = await platform.makeApp()
      const done = await platform.run(await platform.deploy(app, processes))
      assert.equal(done.state, 'done', JSON.stringify(done.error))
      return app
    },
    placesOf: async (app) =>
      (await listInstances(db, [app.id])).map(({ process, index, host }) => `${process}.${index} ${host}`),
    list: async () =>
      new Map((await api.call(hostRoutes.list, {})).hosts.map((one): [string, HostView] => [one.name, one])),
    async map() {
      const { dataCentres } = await api.call(hostRoutes.map, {})
      const all = dataCentres.flatMap(({ hosts: own }) => own)
      return new Map(all.map((one): [string, HostWithInstances] => [one.name, one]))
    },
    silence: (host, seconds) => silence(platform, host, seconds),
    keepPlaces() {
      const loop = startPlaces(platform.deps)
      t.after(() => loop.stop())
    },
    command: () => makeTestContext({ uid: 0 }),
  }
}

/** The routes of hosts behind a socket where root's is; gives the folder. */
async function serve(t: TestContext, platform: TestPlatform): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'maru-hosts-'))
  t.after(() => rm(home, { recursive: true }))
  await mkdir(join(home, 'run'))
  await openAuthority(join(home, 'pki'))
  const config = { ...platform.deps.config, caFile: join(home, 'pki/root.crt') }
  const deps = { ...platform.deps, config }
  const routes = { hosts: hostRoutes }
  const server = makeTestServer(routes, { hosts: makeHostHandlers(places) }, { deps }, async () => OPERATOR)
  await server.listen({ path: rootSocket(home) })
  t.after(() => server.close())
  return home
}

async function hearOf({ deps }: TestPlatform, host: TestHost): Promise<void> {
  const since = new Date()
  const last = host.workloads.at(-1)
  if (last !== undefined) await host.putWorkload(last)
  await until(`${host.name} is heard`, async () => {
    const received = (await loadReports(deps.db)).get(host.name)
    return received !== undefined && Date.parse(received.report.at) > since.getTime()
  })
}

async function silence({ deps, database }: TestPlatform, host: TestHost, seconds: number): Promise<void> {
  host.silent = true
  const since = `${seconds} seconds`
  await until('its last report is long ago', async () => {
    const where = `where host = $1`
    await database.pool.query(`update workload_report set received_at = now() - $2::interval ${where}`, [
      host.name,
      since,
    ])
    await database.pool.query(`update fleet_host set reported_at = now() - $2::interval where name = $1`, [
      host.name,
      since,
    ])
    const received = (await loadReports(deps.db)).get(host.name)
    return received !== undefined && Date.now() - received.receivedAt.getTime() > (seconds - 1) * 1000
  })
}
