import { z } from 'zod'
import { DetectorReport } from './detection.ts'
import { DrillName } from './drill-result.ts'
import { ErrorBody } from './errors.ts'
import { AppId, AppName, DrillStartId, Generation, HostName, Instant, ProcessType } from './ids.ts'
import { FilterReport, NetworkPolicy, NO_POLICY, TrialTimes } from './network.ts'
import { ComponentStatus } from './platform.ts'
import { UpstreamReport } from './upstream.ts'

/** Label that carries the hash of the files that a container reads only at its start: another hash makes another container. */
export const FILES_LABEL = 'maru.files'

/** How long the process before may serve the connections that it has, once its successor takes the new ones (HAProxy's notation). */
export const RETIRED_FOR = '24h'

/** A container that should exist, whole. Two equal specs mean the same container; a changed one replaces it. */
export const ContainerSpec = z.strictObject({
  name: z.string(),
  component: z.string().describe('Label maru.component: what it is'),
  image: z.string().describe('Image id or tag; never pulled'),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  user: z.string().optional(),
  workingDir: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  labels: z.record(z.string(), z.string()).default({}),
  /** The first network is the one with the published ports. `host` stands alone. */
  networks: z.array(
    z.strictObject({
      name: z.string(),
      address: z.string().optional(),
      aliases: z.array(z.string()).default([]),
    }),
  ),
  ports: z.array(z.strictObject({ host: z.number().int(), container: z.number().int() })).default([]),
  mounts: z
    .array(z.strictObject({ source: z.string(), target: z.string(), readOnly: z.boolean() }))
    .default([]),
  tmpfs: z.record(z.string(), z.string()).default({}),
  capabilities: z.array(z.string()).default([]).describe('Kept; every other is dropped'),
  privileged: z.boolean().default(false),
  pidMode: z.enum(['host', 'own']).default('own'),
  readOnlyRoot: z.boolean().default(true),
  init: z.boolean().default(true),
  restart: z.enum(['always', 'no']).default('always'),
  /**
   * Its successor takes over what it listens on before it ends. Both have the same network for that: the host's own, or that of
   * a container beside them which keeps the addresses.
   */
  handOver: z.boolean().optional(),
  /** The container whose network it has, with its addresses; it joins none itself. */
  networkOf: z.string().optional(),
  /** It does nothing but keep addresses for others: a newer image is no reason to replace it. */
  keepsNetwork: z.boolean().optional(),
  stopSignal: z.string().optional(),
  stopTimeoutS: z.number().int().default(10),
  memoryMb: z.number().int().optional(),
  cpus: z.number().optional(),
  /** How much it weighs beside others while processors are scarce; what says nothing weighs 1024. */
  cpuShares: z.number().int().optional(),
  /** Beside the other containers it comes before single programs of the machine, too (contract/turn.ts). */
  firstGroup: z.boolean().optional(),
  processes: z.number().int().optional(),
  files: z.number().int().default(65_536),
  shmMb: z.number().int().optional(),
})
export type ContainerSpec = z.infer<typeof ContainerSpec>

export const NetworkSpec = z.strictObject({
  name: z.string(),
  subnet: z.string(),
  gateway: z.string(),
  bridge: z.string(),
  internal: z.boolean(),
})
export type NetworkSpec = z.infer<typeof NetworkSpec>

/** The platform's half of a host's state: written by `maru up`, applied by it first and by the agent from then on. */
export const PlatformConfig = z.strictObject({
  generation: z.number().int(),
  networks: z.array(NetworkSpec),
  /** In the order in which they start. */
  containers: z.array(ContainerSpec),
})
export type PlatformConfig = z.infer<typeof PlatformConfig>

/** Whether the edge sends requests to an instance: not yet, yes, or only those already under way. */
export const Traffic = z.enum(['none', 'serve', 'drain'])
export type Traffic = z.infer<typeof Traffic>

export const InstanceSpec = z.strictObject({
  process: ProcessType,
  index: z.number().int().min(1),
  release: z.number().int().min(1),
  /** Counts restarts that a person asked for: another epoch is another instance. */
  epoch: z.number().int().min(0),
  image: z.string(),
  /** Empty: what the image says. */
  command: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  traffic: Traffic,
})
export type InstanceSpec = z.infer<typeof InstanceSpec>

export const WorkloadApp = z.strictObject({
  app: AppName,
  appId: AppId,
  hostNames: z.array(z.string()),
  /** Those that this host runs. */
  instances: z.array(InstanceSpec),
  /** The other hosts that serve the app, and where their edges are. */
  elsewhere: z.array(z.strictObject({ host: HostName, address: z.string() })).default([]),
  /** The newest release of which anything runs, on whichever host; a newer image may be one that is being deployed. */
  newestRelease: z.number().int().nullable().default(null),
  /** Images of the releases that can still be rolled back to; the host removes the app's others. */
  keepImages: z.array(z.string()),
})
export type WorkloadApp = z.infer<typeof WorkloadApp>

/** The apps' half of a host's state: whole, made by the control plane. A lower generation is refused. */
export const WorkloadConfig = z.strictObject({
  generation: Generation.min(0),
  peers: z.array(HostName).default([]).describe('The other hosts that have an edge'),
  network: NetworkPolicy.default(NO_POLICY).describe('Who may reach whom, beside what the platform needs'),
  /** Only where something is: a host of a version before knows no such word. */
  trials: TrialTimes.optional().describe('For how long yet what is on trial in `network` is in force'),
  apps: z.array(WorkloadApp),
})
export type WorkloadConfig = z.infer<typeof WorkloadConfig>

export const InstanceReport = z.strictObject({
  app: AppName,
  process: ProcessType,
  index: z.number().int(),
  release: z.number().int(),
  epoch: z.number().int(),
  /** `healthy`: web passes the edge's check, any other process has run for two seconds. */
  state: z.enum(['starting', 'healthy', 'unhealthy', 'draining', 'stopped']),
  startedAt: Instant.nullable(),
  restarts: z.number().int(),
  exitCode: z.number().int().nullable(),
  outOfMemory: z.boolean(),
  memoryBytes: z.number().int().nullable(),
  /** Requests that the edge has under way with it; absent where the edge does not lead to it. */
  openRequests: z.number().int().optional(),
  detail: z.string(),
})
export type InstanceReport = z.infer<typeof InstanceReport>

/** What the edge has counted for one app since the process that counts was started. Numbers only grow. */
export const TrafficCounters = z.strictObject({
  appId: AppId,
  answers: z.number().int(),
  clientErrors: z.number().int().describe('Answers with a status of 400 to 499'),
  serverErrors: z.number().int().describe('Answers with a status of 500 to 599'),
  timed: z.number().int().describe('Answers whose time is in `tenthsMs`; begins at zero again after 2^32'),
  tenthsMs: z
    .number()
    .int()
    .describe('Time from request to the head of its answer, summed; begins at zero again after 2^32'),
})
export type TrafficCounters = z.infer<typeof TrafficCounters>

/**
 * The counters of one process of the edge. A reload starts another; the one before ends with its last request, and
 * is reported for a while after that, so that a follower who was away misses nothing.
 */
export const WorkerTraffic = z.strictObject({
  worker: z.string().describe('Never given again'),
  apps: z.array(TrafficCounters),
})
export type WorkerTraffic = z.infer<typeof WorkerTraffic>

/** What an instance has used since its container was started. */
export const InstanceUsageCounters = z.strictObject({
  appId: AppId,
  process: ProcessType,
  index: z.number().int(),
  release: z.number().int(),
  epoch: z.number().int(),
  /** Names this run of this container: another one counts from zero. */
  life: z.string(),
  cpuUs: z.number().int(),
  memoryBytes: z.number().int(),
})
export type InstanceUsageCounters = z.infer<typeof InstanceUsageCounters>

/** Counters of one moment. They only grow, so whoever misses some reports learns the sum from the next. */
export const HostFigures = z.strictObject({
  at: Instant,
  /** Null when the edge did not answer. Every app that the edge leads to is in it, also without requests. */
  traffic: z.array(WorkerTraffic).nullable(),
  instances: z.array(InstanceUsageCounters),
})
export type HostFigures = z.infer<typeof HostFigures>

export const HostReport = z.strictObject({
  /** Grows with every report; a long poll asks for one after the last seen. */
  sequence: z.number().int(),
  at: Instant,
  host: z.string(),
  /** Generation that was applied whole, edge included. */
  generation: Generation,
  /** One sentence when the last application failed, else empty. */
  problem: z.string(),
  components: z.array(ComponentStatus),
  instances: z.array(InstanceReport),
  /** It has all that instances need: an edge that leads to them, and a way to the database. */
  runsApps: z.boolean().default(false),
  /** Certificates that its edge has asked for and not yet got. */
  certificatesWanted: z.number().int().default(0),
  /** The address that the hosts of its data centre share leads to it. */
  holdsAddress: z.boolean().optional(),
  /** Images that instances here should run and that are not there. */
  missingImages: z.array(z.string()).default([]),
  /** The file system of the data folder; null when it could not be observed, which is not the same as full. */
  disk: z.strictObject({ freeMb: z.number(), totalMb: z.number() }).nullable(),
  memoryMb: z.number().int().nullable().default(null).describe('Memory of the machine'),
  /** The packet filter; null before its rules were in force. */
  filter: FilterReport.nullable().default(null),
  detector: DetectorReport.nullable().optional(),
  /** Left out where the host has no part in it. */
  upstream: UpstreamReport.optional(),
  /** Its public IPv6 addresses; left out where it has none. */
  addresses6: z.array(z.ipv6()).optional(),
  /** The newest; null before the first. */
  figures: HostFigures.nullable(),
})
export type HostReport = z.infer<typeof HostReport>

/** How to build a source: decided by the control plane from the uploaded files, carried out by the host. */
export const BuildRecipe = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('node'),
    nodeMajor: z.number().int(),
    manager: z.enum(['npm', 'pnpm', 'yarn', 'none']),
    buildScript: z.boolean().describe('package.json has a "build" script'),
  }),
  z.strictObject({ kind: z.literal('static') }),
  z.strictObject({ kind: z.literal('dockerfile') }),
])
export type BuildRecipe = z.infer<typeof BuildRecipe>

export const BuildRequest = z.strictObject({
  app: AppName,
  appId: AppId,
  release: z.number().int(),
  source: z
    .string()
    .regex(/^[a-z0-9_.-]+$/)
    .describe('File name under artifacts/sources'),
  recipe: BuildRecipe,
  env: z.record(z.string(), z.string()).describe('Configuration that the build sees'),
})
export type BuildRequest = z.infer<typeof BuildRequest>

export const BuildResult = z.strictObject({
  image: z.string().describe('Image id'),
  stack: z.string().nullable(),
  slug: z.strictObject({ file: z.string(), bytes: z.number().int() }).nullable(),
  /** Processes that the image itself defines (a Dockerfile's CMD), where there is no Procfile. */
  defaultWeb: z.boolean(),
})
export type BuildResult = z.infer<typeof BuildResult>

/** Lines of POST /v1/builds, newline-delimited JSON; the last is `done` or `failed`. Closing the connection stops the build. */
export const BuildEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('log'), line: z.string() }),
  z.strictObject({ type: z.literal('done'), result: BuildResult }),
  z.strictObject({ type: z.literal('failed'), error: ErrorBody.shape.error }),
])
export type BuildEvent = z.infer<typeof BuildEvent>

/** First line (JSON) of POST /v1/runs after the upgrade; then frames as in RUN_FRAME. Closing the stream ends the command. */
export const AgentRunRequest = z.strictObject({
  /** `app`: confined like an instance. `psql`: the database image with psql only. */
  kind: z.enum(['app', 'psql']),
  app: AppName,
  appId: AppId,
  release: z.number().int(),
  image: z.string().describe('Ignored for psql'),
  command: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  tty: z.boolean(),
  columns: z.number().int(),
  rows: z.number().int(),
  timeoutS: z.number().int(),
})
export type AgentRunRequest = z.infer<typeof AgentRunRequest>

export const DrillStartRequest = z.strictObject({ id: DrillStartId, drill: DrillName, startedBy: z.string() })
export type DrillStartRequest = z.infer<typeof DrillStartRequest>
