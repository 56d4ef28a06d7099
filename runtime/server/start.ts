import { chmod, readFile, rm, stat } from 'node:fs/promises'
import type { Server } from 'node:https'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import type { Principal } from '#contract/access.ts'
import { addressesOf, type ControlConfig, urlOf } from '#contract/installation.ts'
import type { Agents } from '#runtime/drivers/agent-client.ts'
import type { Log } from '#runtime/kit/log.ts'
import { type Attempts, makeAttempts } from './attempts.ts'
import type { AuditLog } from './audit.ts'
import type { AccessLookups } from './authorize.ts'
import { CONSOLE_DIR, loadConsole } from './console-pages.ts'
import { type Connection, connectionOf, makeDatabase, makePool } from './database.ts'
import { isConnectionError } from './database-errors.ts'
import type { ServerDeps } from './handler.ts'
import { makeIdempotency } from './idempotency.ts'
import { identifyCaller } from './identify.ts'
import { type JobHandlers, jobs } from './jobs.ts'
import { runWhileLeading } from './leading.ts'
import { makeListener } from './listener.ts'
import { loadMigrations, migrate } from './migrate.ts'
import { startHub } from './notify.ts'
import { openPresence, type Presence } from './presence.ts'
import type { HandlersOf, RouteFrame, RouteTable } from './routes.ts'
import { makeSecretBox, parseMasterKey } from './secret-box.ts'
import { installWorker, startWorker } from './worker.ts'

/** Something that runs beside the requests until it is stopped. */
export interface Loop {
  stop(): Promise<void>
}

/** A control plane that runs. */
export interface RunningServer extends Loop {
  /** Resolves when another has replaced it, because it was frozen or cut off: nothing that it does counts any more. */
  readonly replaced: Promise<void>
}

/** All capabilities, put together in compose.ts. */
export interface Composition<A extends RouteTable> {
  readonly routes: A
  readonly handlers: HandlersOf<A>
  readonly jobs: ReadonlyArray<(deps: ServerDeps) => JobHandlers>
  /** Of each control plane; each gives back how to stop it. */
  readonly loops: ReadonlyArray<(deps: ServerDeps) => Promise<Loop> | Loop>
  /** Of the installation: they run in the control plane that leads, and are started and stopped as it comes and goes. */
  readonly leading: ReadonlyArray<(deps: ServerDeps) => Promise<Loop> | Loop>
  readonly agents: (base: Pick<ServerDeps, 'config' | 'db' | 'log'>) => Agents
  readonly lookups: (deps: ServerDeps) => AccessLookups
  readonly audit: (deps: ServerDeps) => AuditLog
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
): Promise<RunningServer> {
  await prepareDatabase(connection, log)
  const hub = startHub(connection, log)
  const presence = await openPresence(connection, whereabouts(config), hub, log)
  const pool = makePool(connection, log, undefined, presence.connections)
  const workerPool = makePool(connection, log, WORKER_CONNECTIONS, presence.connections)
  const db = makeDatabase(pool)
  const masterKey = parseMasterKey(await readFile(config.masterKeyFile, 'utf8'))
  const deps: ServerDeps = {
    config,
    db,
    log,
    jobs,
    agents: whilePresent(presence, composition.agents({ config, db, log })),
    hub,
    openDatabase: openOther(connection, pool, presence, log),
    secrets: makeSecretBox(db, masterKey),
    now: () => new Date(),
  }
  const running = await startWork(composition, deps, presence, workerPool)
  log.info('server.started', { version: config.version, listen: config.listen.port, process: presence.id })
  return {
    replaced: presence.replaced,
    async stop() {
      await running.stop()
      await presence.leave()
      await hub.close()
      await Promise.all([pool.end(), workerPool.end()])
      log.info('server.stopped')
    },
  }
}

const whereabouts = ({ host, listen, version }: ControlConfig) => ({
  place: `${host.name} ${listen.host}:${listen.port}`,
  version,
})

/** Everything that serves: jobs, loops, and at last the listeners. */
async function startWork<A extends RouteTable>(
  composition: Composition<A>,
  deps: ServerDeps,
  presence: Presence,
  workerPool: pg.Pool,
): Promise<Loop> {
  const { log } = deps
  const idempotency = makeIdempotency(deps.db, presence.id)
  const handlers = Object.assign({}, ...composition.jobs.map((make) => make(deps)))
  const worker = startWorker(workerPool, presence.id, handlers, log)
  const leading = await runWhileLeading(
    presence,
    composition.leading.map((start) => () => start(deps)),
    log,
  )
  const loops = await Promise.all(composition.loops.map((start) => start(deps)))
  const attempts = makeAttempts(deps.db)
  const sweeping = sweepHourly([idempotency, attempts], log)
  const stopping = new AbortController()
  const listeners = await listen(composition, deps, { idempotency, attempts, stopping: stopping.signal })
  return {
    async stop() {
      stopping.abort(new Error('the control plane is stopping'))
      clearInterval(sweeping)
      await Promise.all(listeners.map((one) => one.stop()))
      await worker.stop()
      await Promise.all([leading, ...loops].map((one) => one.stop()))
    },
  }
}

/** Hosts are asked for nothing by a process that may have been replaced. */
const whilePresent = (presence: Pick<Presence, 'check'>, agents: Agents): Agents => ({
  get first() {
    presence.check()
    return agents.first
  },
  of(host) {
    presence.check()
    return agents.of(host)
  },
})

/** Another database does not know who was replaced: each connection to it is there before this one is asked. */
function openOther(
  connection: Connection,
  pool: pg.Pool,
  { connections }: Presence,
  log: Log,
): ServerDeps['openDatabase'] {
  const admit = async () => void (await pool.query('select'))
  return (name) =>
    makeDatabase(makePool({ ...connection, database: name }, log, 2, { name: connections.name, admit }))
}

/** Waits for the database for as long as it takes, then brings its tables up to date. */
async function prepareDatabase(connection: Connection, log: Log): Promise<void> {
  const pool = makePool(connection, log, 2)
  try {
    await prepareWith(pool, log)
  } finally {
    await pool.end()
  }
}

async function prepareWith(pool: pg.Pool, log: Log): Promise<void> {
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

function sweepHourly(swept: ReadonlyArray<{ sweep(): Promise<void> }>, log: Log): NodeJS.Timeout {
  const sweep = () => {
    for (const one of swept) one.sweep().catch((error: unknown) => log.warn('server.not_swept', { error }))
  }
  return setInterval(sweep, SWEEP_MS).unref()
}

/** The two ways in: TLS for everyone, by way of the edge, and a socket that only root reaches. */
async function listen<A extends RouteTable>(
  composition: Composition<A>,
  deps: ServerDeps,
  { idempotency, attempts, stopping }: Pick<RouteFrame, 'idempotency' | 'stopping'> & { attempts: Attempts },
): Promise<Loop[]> {
  const { routes, handlers } = composition
  const { config, log } = deps
  const lookups = composition.lookups(deps)
  const origin = urlOf(config.installation)
  const audit = composition.audit(deps)
  const frame = { deps, lookups, idempotency, audit, origin, stopping }
  const byCaller = { ...frame, ...identifyCaller(lookups, origin, attempts) }
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
