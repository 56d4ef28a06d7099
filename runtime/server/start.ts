import { chmod, readFile, rm, stat } from 'node:fs/promises'
import type { Server } from 'node:https'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import type { Principal } from '#contract/access.ts'
import { addressesOf, type ControlConfig, urlOf } from '#contract/installation.ts'
import type { Agents } from '#runtime/drivers/agent-client.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { AccessLookups } from './authorize.ts'
import { CONSOLE_DIR, loadConsole } from './console-pages.ts'
import { type Connection, connectionOf, makeDatabase, makePool } from './database.ts'
import { isConnectionError } from './database-errors.ts'
import type { ServerDeps } from './handler.ts'
import { type Idempotency, makeIdempotency } from './idempotency.ts'
import { identifyCaller } from './identify.ts'
import { type JobHandlers, jobs } from './jobs.ts'
import { makeListener } from './listener.ts'
import { loadMigrations, migrate } from './migrate.ts'
import { startHub } from './notify.ts'
import type { HandlersOf, RouteFrame, RouteTable } from './routes.ts'
import { makeSecretBox, parseMasterKey } from './secret-box.ts'
import { installWorker, startWorker } from './worker.ts'

/** Something that runs beside the requests until it is stopped. */
export interface Loop {
  stop(): Promise<void>
}

/** All capabilities, put together in compose.ts. */
export interface Composition<A extends RouteTable> {
  readonly routes: A
  readonly handlers: HandlersOf<A>
  readonly jobs: ReadonlyArray<(deps: ServerDeps) => JobHandlers>
  /** Started after the jobs; each gives back how to stop it. */
  readonly loops: ReadonlyArray<(deps: ServerDeps) => Promise<Loop> | Loop>
  readonly agents: (base: Pick<ServerDeps, 'config' | 'db' | 'log'>) => Agents
  readonly lookups: (deps: ServerDeps) => AccessLookups
  readonly root: Principal
}

const WORKER_CONNECTIONS = 4
const SWEEP_MS = 60 * 60 * 1000
const CERTIFICATE_CHECK_MS = 60_000
const DATABASE_RETRY_MS = 1_000

/** Starts the control plane; when it resolves, both listeners answer. */
export async function startServer<A extends RouteTable>(
  config: ControlConfig,
  composition: Composition<A>,
  log: Log,
  connection: Connection = connectionOf(config.database),
): Promise<Loop> {
  const pool = makePool(connection, log)
  const workerPool = makePool(connection, log, WORKER_CONNECTIONS)
  await prepareDatabase(pool, log)
  const db = makeDatabase(pool)
  const masterKey = parseMasterKey(await readFile(config.masterKeyFile, 'utf8'))
  const hub = startHub(connection, log)
  const deps: ServerDeps = {
    config,
    db,
    log,
    jobs,
    agents: composition.agents({ config, db, log }),
    hub,
    openDatabase: (name) => makeDatabase(makePool({ ...connection, database: name }, log, 2)),
    secrets: makeSecretBox(db, masterKey),
    now: () => new Date(),
  }
  const idempotency = makeIdempotency(db)
  await idempotency.releaseAll()
  const handlers = Object.assign({}, ...composition.jobs.map((make) => make(deps)))
  const worker = startWorker(workerPool, handlers, log)
  const loops = await Promise.all(composition.loops.map((start) => start(deps)))
  const sweeping = sweepHourly(idempotency, log)
  const stopping = new AbortController()
  const listeners = await listen(composition, deps, idempotency, stopping.signal)
  log.info('server.started', { version: config.version, listen: config.listen.port })
  return {
    async stop() {
      stopping.abort(new Error('the control plane is stopping'))
      clearInterval(sweeping)
      await Promise.all(listeners.map((one) => one.stop()))
      await worker.stop()
      await Promise.all(loops.map((loop) => loop.stop()))
      await hub.close()
      await Promise.all([pool.end(), workerPool.end()])
      log.info('server.stopped')
    },
  }
}

/** Waits for the database for as long as it takes, then brings its tables up to date. */
export async function prepareDatabase(pool: pg.Pool, log: Log): Promise<void> {
  const migrations = await loadMigrations()
  let complained = false
  for (;;) {
    try {
      await installWorker(pool)
      const applied = await migrate(pool, migrations)
      if (applied.length > 0) log.info('database.migrated', { applied })
      return
    } catch (error) {
      if (!isConnectionError(error)) throw error
      if (!complained) log.warn('database.waiting', { error })
      complained = true
      await new Promise((resolve) => setTimeout(resolve, DATABASE_RETRY_MS))
    }
  }
}

function sweepHourly(idempotency: Idempotency, log: Log): NodeJS.Timeout {
  const sweep = () => idempotency.sweep().catch((error: unknown) => log.warn('idempotency.sweep', { error }))
  return setInterval(sweep, SWEEP_MS).unref()
}

/** The two ways in: TLS for everyone, by way of the edge, and a socket that only root reaches. */
async function listen<A extends RouteTable>(
  composition: Composition<A>,
  deps: ServerDeps,
  idempotency: Idempotency,
  stopping: AbortSignal,
): Promise<Loop[]> {
  const { routes, handlers } = composition
  const { config, log } = deps
  const lookups = composition.lookups(deps)
  const origin = urlOf(config.installation)
  const frame: Omit<RouteFrame, 'identify' | 'recognise'> = { deps, lookups, idempotency, origin, stopping }
  const byCaller = { ...frame, ...identifyCaller(lookups, origin) }
  const root = async () => composition.root
  const asRoot = { ...frame, identify: root, recognise: root }
  const tls = await loadCertificate(config.listen)
  const edgeAddress = addressesOf(config.installation).edge.edge
  const pages = await loadConsole(CONSOLE_DIR)
  const open = makeListener(routes, handlers, byCaller, { log, tls, edgeAddress, console: { pages } })
  const local = makeListener(routes, handlers, asRoot, { log })
  await rm(config.controlSocket, { force: true })
  await local.listen({ path: config.controlSocket })
  await chmod(config.controlSocket, 0o600)
  await open.listen({ host: config.listen.host, port: config.listen.port })
  return [local, open].map(closing).concat(renewCertificate(open, config.listen, log))
}

const closing = (listener: FastifyInstance): Loop => ({ stop: async () => await listener.close() })

const loadCertificate = async ({ certFile, keyFile }: ControlConfig['listen']) => ({
  cert: await readFile(certFile),
  key: await readFile(keyFile),
})

/** Takes a renewed certificate into use without a restart. */
function renewCertificate(listener: FastifyInstance, files: ControlConfig['listen'], log: Log): Loop {
  let seen = Date.now()
  const check = async () => {
    const { mtimeMs } = await stat(files.certFile)
    if (mtimeMs <= seen) return
    const certificate = await loadCertificate(files)
    ;(listener.server as Server).setSecureContext(certificate)
    seen = mtimeMs
    log.info('server.certificate_renewed')
  }
  const timer = setInterval(() => {
    check().catch((error: unknown) => log.warn('server.certificate_not_renewed', { error }))
  }, CERTIFICATE_CHECK_MS).unref()
  return { stop: async () => clearInterval(timer) }
}
