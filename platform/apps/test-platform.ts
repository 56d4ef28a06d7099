import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HostIdentity } from '#contract/host-identity.ts'
import type { AppId, AppName, SourceId } from '#contract/ids.ts'
import type { ControlConfig } from '#contract/installation.ts'
import type { Operation } from '#contract/operations.ts'
import { registerFirstHost } from '#platform/fleet/index.ts'
import { addHost } from '#platform/fleet/store.ts'
import { getOperation } from '#platform/operations/index.ts'
import { startWorkload } from '#platform/workload/index.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { jobs } from '#runtime/server/jobs.ts'
import { startHub } from '#runtime/server/notify.ts'
import { makeSecretBox } from '#runtime/server/secret-box.ts'
import { makeTestDatabase, silent, type TestDatabase } from '#runtime/server/test-database.ts'
import { insertApp } from './app-store.ts'
import { appJobs } from './jobs.ts'
import { loadWorkload } from './load-workload.ts'
import { planDeploy } from './plan.ts'
import { getSource, insertSource } from './source-store.ts'
import { mustStart } from './start-operation.ts'
import type { AppRow } from './tables.ts'
import { makeTestHost, type TestHost } from './test-host.ts'

/** The server side of the apps on a real database, with a host that is made up. */
export interface TestPlatform {
  readonly deps: ServerDeps
  readonly database: TestDatabase
  readonly host: TestHost
  /** A host that has joined, in another data centre unless that is said. */
  join(name: string, where?: Where): Promise<TestHost>
  makeApp(name?: string): Promise<AppRow>
  /** Plans a deploy of a source that was just uploaded. */
  deploy(app: AppRow, processes?: Readonly<Record<string, string>>): Promise<Operation>
  /** Carries an operation out as the job does; gives it as it is then. */
  run(operation: Operation, signal?: AbortSignal): Promise<Operation>
  close(): Promise<void>
}

/** What is different about a host that joins. */
type Where = Partial<Pick<HostIdentity, 'role'> & { dataCentre: string; address: string }>

/** The host that the tests' control plane runs on. */
export const TEST_HOST = HostIdentity.parse({
  name: 'test-host',
  dataCentre: 'dc1',
  address: '127.0.0.1',
  role: 'full',
  first: true,
})
const NEVER = new AbortController().signal

export async function makeTestPlatform(): Promise<TestPlatform> {
  const database = await makeTestDatabase()
  const host = makeTestHost()
  const hosts = new Map<string, TestHost>()
  const artifactsDir = await mkdtemp(join(tmpdir(), 'maru-apps-'))
  const hub = startHub(database.connection, silent)
  const { db, openDatabase } = database
  const deps: ServerDeps = {
    config: makeConfig(artifactsDir, database),
    db,
    log: silent,
    jobs,
    agents: { first: host, of: (name) => hosts.get(name) ?? host },
    hub,
    openDatabase,
    secrets: makeSecretBox(db, randomBytes(32)),
    now: () => new Date(),
  }
  await registerFirstHost(deps)
  const loops = startWorkload(deps, loadWorkload)
  const made: string[] = []
  return {
    deps,
    database,
    host,
    join: (name, where) => joinHost(db, hosts, name, where),
    async makeApp(name = `shop-${randomBytes(4).toString('hex')}`) {
      const app = await insertApp(db, {
        id: randomId<AppId>('app'),
        name: name as AppName,
        teamId: 'team_one',
      })
      made.push(app.id)
      return app
    },
    deploy: (app, processes = { web: 'node server.js' }) => startDeploy(deps, app, processes),
    async run(operation, signal = NEVER) {
      await appJobs(deps)['apps.operation']?.({ operationId: operation.id }, signal)
      return await getOperation(db, operation.id)
    },
    async close() {
      await loops.stop()
      await hub.close()
      await dropMade(database, made)
      await database.close()
      await rm(artifactsDir, { recursive: true })
    },
  }
}

/** A new app whose first release serves. */
export async function deployedOn(
  platform: TestPlatform,
  processes?: Readonly<Record<string, string>>,
  name?: string,
): Promise<AppRow> {
  const app = await platform.makeApp(name)
  const done = await platform.run(await platform.deploy(app, processes))
  assert.equal(done.state, 'done', JSON.stringify(done.error))
  return app
}

async function joinHost(
  db: ServerDeps['db'],
  hosts: Map<string, TestHost>,
  name: string,
  where: Where = {},
): Promise<TestHost> {
  const host = makeTestHost(name)
  hosts.set(name, host)
  const identity = { ...TEST_HOST, name, dataCentre: 'dc2', address: '127.0.0.2', first: false, ...where }
  const joined = { keyHash: name, version: '0', certificateExpiresAt: new Date(Date.now() + 86_400_000) }
  await addHost(db, { host: HostIdentity.parse(identity), ...joined }, new Date())
  return host
}

async function startDeploy(
  deps: ServerDeps,
  app: AppRow,
  processes: Readonly<Record<string, string>>,
): Promise<Operation> {
  const id = randomId<SourceId>('src')
  const recipe = { kind: 'node', nodeMajor: 26, manager: 'npm', buildScript: false } as const
  await insertSource(deps.db, {
    id,
    app_id: app.id,
    file: `${id}.tar.gz`,
    host: TEST_HOST.name,
    size_bytes: 10,
    files: 1,
    recipe,
    processes: { ...processes },
  })
  return await mustStart(deps, {
    appId: app.id,
    appName: app.name,
    createdBy: 'test',
    recipe,
    plan: async (snapshot, tx) => planDeploy(snapshot, await getSource(tx, app.id, id)),
  })
}

/** The server outlives the test file; what belongs to it is not in the file's own database. */
export async function dropMade(database: TestDatabase, appIds: readonly string[]): Promise<void> {
  const { default: pg } = await import('pg')
  const client = new pg.Client(database.admin)
  await client.connect()
  for (const id of appIds) {
    await client.query(`drop database if exists ${pg.escapeIdentifier(id)} with (force)`)
    for (const role of [`${id}_a`, `${id}_b`, id])
      await client.query(`drop role if exists ${pg.escapeIdentifier(role)}`)
  }
  await client.end()
}

function makeConfig(artifactsDir: string, database: TestDatabase): ControlConfig {
  const { host, port } = database.connection
  return {
    installation: {
      id: 'test',
      name: 'test',
      domain: 'maru.localhost',
      createdAt: '2026-01-01T00:00:00Z',
      ports: { http: 80, https: 443 },
      subnet: '10.99',
    },
    version: '0',
    host: TEST_HOST,
    database: {
      host: host ?? '',
      port: port ?? 5432,
      user: '',
      password: '',
      name: '',
      caFile: '',
    },
    appDatabase: { host: host ?? '', port: port ?? 5432 },
    patroni: [],
    patroniCa: '/dev/null',
    masterKeyFile: '',
    authSecretFile: '',
    caFile: '',
    artifactsDir,
    agentSocket: '',
    controlSocket: '',
    listen: { host: '127.0.0.1', port: 0, certFile: '', keyFile: '' },
    logLevel: 'error',
  }
}
