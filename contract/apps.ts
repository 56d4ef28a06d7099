import { z } from 'zod'
import { HostAddress } from './host-identity.ts'
import { AppId, AppName, ConfigName, Instant, ProcessType, ReleaseVersion, SourceId } from './ids.ts'
import { Operation } from './operations.ts'
import { route } from './route.ts'

/** Limits of the apps capability. Every one is stated in the documents and in the error that enforces it. */
export const APP_LIMITS = {
  sourceMaxBytes: 256 * 1024 * 1024,
  sourceMaxFiles: 50_000,
  slugMaxBytes: 1024 * 1024 * 1024,
  appsPerTeam: 500,
  instancesPerProcess: 20,
  configValues: 200,
  configValueBytes: 32 * 1024,
  configTotalBytes: 256 * 1024,
  build: { memoryMb: 2048, cpus: 2, processes: 1024, timeoutS: 900 },
  instance: { memoryMb: 512, cpus: 1, processes: 256, tmpMb: 64 },
  releasePhaseTimeoutS: 600,
  healthyTimeoutS: 60,
  drainS: 30,
  runTimeoutS: 3600,
  runsAtOnce: 10,
} as const

/** What the platform puts into the environment of every process of an app. */
export const INSTANCE_ENVIRONMENT = {
  PORT: 'port on which the web process has to listen, on all addresses',
  DATABASE_URL: "the app's PostgreSQL database, with user and password, over TLS that is verified",
  PGSSLROOTCERT: "file with the installation's root certificate, for PostgreSQL's own programs",
  NODE_EXTRA_CA_CERTS: 'the same file, for Node: other apps of the installation can be asked over HTTPS',
  MARU_APP: 'name of the app',
  MARU_RELEASE: 'number of the release',
  MARU_PROCESS: 'process type, such as `web`',
} as const

/** Names that the platform sets itself; a person cannot. */
export const RESERVED_CONFIG: readonly string[] = Object.keys(INSTANCE_ENVIRONMENT)

export const ReleaseState = z.enum(['building', 'starting', 'serving', 'superseded', 'failed'])
export type ReleaseState = z.infer<typeof ReleaseState>

export const App = z.strictObject({
  id: AppId,
  name: AppName,
  team: z.string().describe('Name of the team that owns it'),
  url: z.string().describe('Address of the app'),
  createdAt: Instant,
  release: z.number().int().nullable().describe('Release that serves now'),
  state: z.enum(['new', 'running', 'deploying', 'failed', 'destroying']),
  instances: z.strictObject({ running: z.number().int(), wanted: z.number().int() }),
})
export type App = z.infer<typeof App>

export const Release = z.strictObject({
  version: ReleaseVersion,
  state: ReleaseState,
  reason: z.string().describe('Why it was made: "deploy", "set A, B", "rollback to v3", …'),
  createdAt: Instant,
  createdBy: z.string(),
  kind: z.enum(['node', 'static', 'dockerfile']).nullable(),
  stack: z.string().nullable().describe('Stack that it runs on, such as node26-3f2a…'),
  sizeBytes: z.number().int().nullable().describe('Size of the slug, compressed'),
  processes: z.record(ProcessType, z.string()).describe('Process type → command'),
})
export type Release = z.infer<typeof Release>

export const Instance = z.strictObject({
  id: z.string().describe('Such as web.1'),
  process: ProcessType,
  release: z.number().int(),
  state: z
    .enum(['starting', 'healthy', 'unhealthy', 'draining', 'stopped', 'unknown'])
    .describe('`unknown`: its host is silent'),
  host: z.string(),
  dataCentre: z.string().nullable().describe('Of its host; null where the host was removed'),
  startedAt: Instant.nullable(),
  restarts: z.number().int(),
  memoryBytes: z.number().int().nullable(),
  detail: z.string().describe('One sentence when something is wrong, else empty'),
})
export type Instance = z.infer<typeof Instance>

export const LogLine = z.strictObject({
  at: Instant,
  instance: z.string(),
  stream: z.enum(['stdout', 'stderr']),
  line: z.string(),
})
export type LogLine = z.infer<typeof LogLine>

export const ConfigValues = z.record(ConfigName, z.string().max(APP_LIMITS.configValueBytes))
/** `null` removes the value. */
export const ConfigChange = z.strictObject({
  values: z
    .record(ConfigName, z.string().max(APP_LIMITS.configValueBytes).nullable())
    .describe('Name → new value, or null to remove it'),
})
export type ConfigChange = z.infer<typeof ConfigChange>

const one = z.strictObject({ app: AppName })
const DeployRequest = z.strictObject({ source: SourceId.describe('Source uploaded before') })
export type DeployRequest = z.infer<typeof DeployRequest>
const Scale = z.strictObject({
  processes: z
    .record(ProcessType, z.number().int().min(0).max(APP_LIMITS.instancesPerProcess))
    .describe('Process type → number of instances'),
})

/** First message of a `run` stream from the client, as one JSON line; raw bytes of the terminal follow. */
export const RunRequest = z.strictObject({
  command: z
    .array(z.string().max(4096))
    .min(1)
    .max(200)
    .describe('Program and arguments; no shell reads them'),
  tty: z.boolean().default(false),
  columns: z.number().int().min(1).max(1000).default(80),
  rows: z.number().int().min(1).max(1000).default(24),
})
export type RunRequest = z.infer<typeof RunRequest>

/**
 * Frames of a `run` stream in both directions: one byte kind, four bytes length (big endian), payload.
 * Client → server: 0 stdin, 3 end of stdin, 4 resize (JSON {columns, rows}). Server → client: 1 stdout,
 * 2 stderr, 5 exit (JSON {exitCode}), 6 error (JSON ErrorBody).
 */
export const RUN_FRAME = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  stdinEnd: 3,
  resize: 4,
  exit: 5,
  error: 6,
} as const

export const appRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/apps',
    summary: 'Your apps',
    access: { resource: 'team', action: 'read' },
    response: z.strictObject({ apps: z.array(App) }),
  }),
  create: route({
    method: 'POST',
    path: '/v1/apps',
    summary: 'Create an app',
    access: { resource: 'team', action: 'create' },
    recorded: { body: ['name'] },
    body: z.strictObject({ name: AppName }),
    response: App,
    status: 201,
    idempotent: true,
  }),
  get: route({
    method: 'GET',
    path: '/v1/apps/{app}',
    summary: 'An app',
    access: { resource: 'app', action: 'read' },
    params: one,
    response: App,
  }),
  destroy: route({
    method: 'DELETE',
    path: '/v1/apps/{app}',
    summary: 'Destroy an app, its database and everything it stored',
    access: { resource: 'app', action: 'destroy' },
    params: one,
    response: Operation,
    status: 202,
  }),
  upload: route({
    method: 'POST',
    path: '/v1/apps/{app}/sources',
    summary: 'Upload a source archive (tar, gzip)',
    access: { resource: 'app', action: 'deploy' },
    recorded: { answer: ['source'] },
    params: one,
    response: z.strictObject({ source: SourceId, sizeBytes: z.number().int(), files: z.number().int() }),
    status: 201,
    upload: { type: 'application/gzip', maxBytes: APP_LIMITS.sourceMaxBytes },
  }),
  deploy: route({
    method: 'POST',
    path: '/v1/apps/{app}/deploys',
    summary: 'Build an uploaded source and release it',
    access: { resource: 'app', action: 'deploy' },
    recorded: { body: ['source'] },
    params: one,
    body: DeployRequest,
    response: Operation,
    status: 202,
    idempotent: true,
  }),
  releases: route({
    method: 'GET',
    path: '/v1/apps/{app}/releases',
    summary: 'The releases of an app, newest first',
    access: { resource: 'app', action: 'read' },
    params: one,
    response: z.strictObject({ releases: z.array(Release) }),
  }),
  rollback: route({
    method: 'POST',
    path: '/v1/apps/{app}/rollback',
    summary: 'Release again the code and configuration of an earlier release',
    access: { resource: 'app', action: 'deploy' },
    recorded: { body: ['release'] },
    params: one,
    body: z.strictObject({
      release: ReleaseVersion.nullable().describe('Release to go back to; null: the one before'),
    }),
    response: Operation,
    status: 202,
    idempotent: true,
  }),
  configNames: route({
    method: 'GET',
    path: '/v1/apps/{app}/config',
    summary: 'Names of the configuration values',
    access: { resource: 'app', action: 'read' },
    params: one,
    response: z.strictObject({ names: z.array(ConfigName) }),
  }),
  configValues: route({
    method: 'GET',
    path: '/v1/apps/{app}/config/values',
    summary: 'The configuration with its values',
    access: { resource: 'app', action: 'secrets' },
    params: one,
    response: z.strictObject({ values: ConfigValues }),
  }),
  configChange: route({
    method: 'PATCH',
    path: '/v1/apps/{app}/config',
    summary: 'Set or remove configuration values; makes a release if one serves',
    access: { resource: 'app', action: 'configure' },
    recorded: { names: ['values'] },
    params: one,
    body: ConfigChange,
    response: z.strictObject({
      changed: z.boolean().describe('Whether any value is different now'),
      operation: Operation.nullable().describe('Null where nothing changed or nothing serves yet'),
    }),
    status: 202,
    idempotent: true,
  }),
  scale: route({
    method: 'PUT',
    path: '/v1/apps/{app}/scale',
    summary: 'Set the number of instances of each process type',
    access: { resource: 'app', action: 'configure' },
    recorded: { body: ['processes'] },
    params: one,
    body: Scale,
    response: Operation,
    status: 202,
    idempotent: true,
  }),
  restart: route({
    method: 'POST',
    path: '/v1/apps/{app}/restart',
    summary: 'Replace every instance with a new one, without a gap',
    access: { resource: 'app', action: 'configure' },
    params: one,
    response: Operation,
    status: 202,
    idempotent: true,
  }),
  instances: route({
    method: 'GET',
    path: '/v1/apps/{app}/instances',
    summary: 'The instances of an app',
    access: { resource: 'app', action: 'read' },
    params: one,
    response: z.strictObject({
      instances: z.array(Instance),
      hosts: z.number().int().describe('How many hosts the installation has'),
      addresses: z.array(HostAddress).describe("Where a name server should lead the app's names"),
    }),
  }),
  logs: route({
    method: 'GET',
    path: '/v1/apps/{app}/logs',
    summary: 'What the instances printed',
    access: { resource: 'app', action: 'read' },
    params: one,
    query: z.strictObject({
      follow: z.stringbool().default(false).describe('Stay and print what comes'),
      tail: z.coerce
        .number()
        .int()
        .min(0)
        .max(10_000)
        .default(200)
        .describe('Lines from the end, for each instance'),
      since: Instant.optional().describe(
        'Every line from this time on instead of `tail` lines; to resume, ask from the last one and leave out what comes again',
      ),
      process: ProcessType.optional().describe('Only this process type'),
    }),
    response: LogLine,
    kind: 'lines',
  }),
  run: route({
    method: 'POST',
    path: '/v1/apps/{app}/runs',
    summary: 'Run a one-off command in a new instance',
    access: { resource: 'app', action: 'run' },
    params: one,
    response: RunRequest,
    kind: 'duplex',
  }),
  operations: route({
    method: 'GET',
    path: '/v1/apps/{app}/operations',
    summary: 'The latest operations of an app, newest first',
    access: { resource: 'app', action: 'read' },
    params: one,
    response: z.strictObject({ operations: z.array(Operation) }),
  }),
}
