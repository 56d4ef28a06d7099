import { duplexPair, Readable } from 'node:stream'
import type {
  BuildEvent,
  BuildRequest,
  HostReport,
  InstanceReport,
  InstanceSpec,
  WorkloadConfig,
} from '#contract/agent.ts'
import { type LogLine, RUN_FRAME } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import type { HostStacks, RestackRequest, RestackResult } from '#contract/host-stacks.ts'
import type { AgentClient } from '#runtime/drivers/agent-client.ts'
import { encodeFrame } from '#runtime/kit/run-frames.ts'

/** A host's agent for tests: takes every workload at once, and reports what `judge` says. */
export interface TestHost extends AgentClient {
  readonly name: string
  /** It does not answer. */
  silent: boolean
  readonly workloads: WorkloadConfig[]
  readonly removed: string[]
  readonly commands: string[][]
  /** Images that other hosts have sent. */
  readonly images: string[]
  /** Images that it says it waits for. */
  missing: string[]
  judge: (instance: InstanceSpec) => Partial<InstanceReport>
  buildEvents: (request: BuildRequest) => BuildEvent[]
  releaseExitCode: number
  problem: string
  /** How much memory it says it has. */
  memoryMb: number
  stackReport: HostStacks
  /** It has no image of any app. */
  bare: boolean
}

/** Instances that go on running keep their time. */
const STARTED_AT = '2026-01-01T00:00:00.000Z'

/** Makes one that builds everything and calls every instance healthy. */
export function makeTestHost(name = 'test-host'): TestHost {
  let sequence = 1
  const wake: Array<() => void> = []
  const host: TestHost = {
    name,
    silent: false,
    ...nothingYet(),
    ...NO_GUARD,
    judge: () => ({}),
    buildEvents: builtEvents,
    releaseExitCode: 0,
    problem: '',
    memoryMb: 16_384,
    stackReport: { newest: [], known: [], behind: [] },
    bare: false,
    async putWorkload(config) {
      refuseWhileSilent(host)
      const have = host.workloads.at(-1)?.generation ?? -1
      if (config.generation < have)
        throw new MaruError('hosts.stale_generation', { have, got: config.generation })
      host.workloads.push(config)
      sequence += 1
      for (const ring of wake.splice(0)) ring()
      return { generation: config.generation }
    },
    async report(after, waitMs, signal) {
      if (sequence <= after) await ringOrTimeout((ring) => wake.push(ring), waitMs, signal)
      refuseWhileSilent(host)
      return makeReport(host, sequence)
    },
    async *build(request) {
      yield* host.buildEvents(request)
    },
    async run(request) {
      host.commands.push(request.command)
      const [inside, outside] = duplexPair()
      inside.write(encodeFrame(RUN_FRAME.stdout, 'migrated\n'))
      inside.end(encodeFrame(RUN_FRAME.exit, JSON.stringify({ exitCode: host.releaseExitCode })))
      inside.resume()
      return outside
    },
    async *logs(): AsyncGenerator<LogLine> {},
    ...stackCalls(() => host),
    ...imageMethods(() => host.images),
    lastLog: async () => ['cannot find module'],
    async removeApp(appId) {
      host.removed.push(appId)
    },
    ...NO_DRILLS,
  }
  return host
}

const builtEvents = ({ appId, release }: BuildRequest): BuildEvent[] => {
  const result = { image: `image-${appId}-v${release}`, stack: 'node26', slug: null, defaultWeb: true }
  return [
    { type: 'log', line: 'building' },
    { type: 'done', result },
  ]
}

const stackCalls = (host: () => TestHost): Pick<AgentClient, 'stacks' | 'restack'> => ({
  stacks: async () => host().stackReport,
  restack: async (request) => restackOn(host(), request),
})

/** The slug of an app as a host has it that took it from an image. */
export const takenSlug = (appId: string) => ({ file: `${appId}/${'d'.repeat(64)}.tar.gz`, bytes: 11 })

function restackOn({ stackReport, bare }: TestHost, request: RestackRequest): RestackResult {
  const { appId, release, stack: before } = request
  if (bare) throw new MaruError('hosts.image_not_found', { image: appId })
  const stack = stackReport.newest.find(({ usual }) => usual)?.image ?? 'node26'
  const image = stack === before ? null : `image-${appId}-v${release}-on-${stack}`
  // Who is told of no stack has not built it.
  return before === null ? { image, stack, slug: takenSlug(appId) } : { image, stack }
}

const NO_DRILLS: Pick<AgentClient, 'drills' | 'startDrill' | 'drillEvents'> = {
  drills: async () => ({ lab: true, underWay: null, elsewhere: null }),
  startDrill: async ({ drill }) => {
    throw new MaruError('drills.unknown', { drill })
  },
  async *drillEvents() {},
}

const NO_GUARD: Pick<AgentClient, 'guard' | 'putGuardOrders' | 'putUpstreamOrders'> = {
  putUpstreamOrders: async () => undefined,
  guard: async (sequence) => ({ sequence, problem: '', blocks: [], events: [], counts: [] }),
  putGuardOrders: async () => undefined,
}

const nothingYet = () => ({ workloads: [], removed: [], commands: [], images: [], missing: [] })

const imageMethods = (images: () => string[]): Pick<AgentClient, 'image' | 'putImage'> => ({
  image: async () => Readable.from(['layers']),
  async putImage(id, tar) {
    for await (const _ of tar);
    images().push(id)
  },
})

function refuseWhileSilent({ silent }: TestHost): void {
  if (silent) throw new MaruError('unreachable', { what: 'The test host' })
}

function ringOrTimeout(
  listen: (ring: () => void) => void,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, waitMs)
    const ring = () => {
      clearTimeout(timer)
      resolve()
    }
    listen(ring)
    signal?.addEventListener('abort', ring)
  })
}

function makeReport(host: TestHost, sequence: number): HostReport {
  const config = host.workloads.at(-1)
  return {
    sequence,
    at: new Date().toISOString(),
    host: host.name,
    generation: config?.generation ?? -1,
    problem: host.problem,
    components: [],
    runsApps: true,
    certificatesWanted: 0,
    missingImages: host.missing,
    filter: null,
    instances: (config?.apps ?? []).flatMap((app) =>
      app.instances.map((one) => ({
        app: app.app,
        process: one.process,
        index: one.index,
        release: one.release,
        epoch: one.epoch,
        state: 'healthy' as const,
        startedAt: STARTED_AT,
        restarts: 0,
        exitCode: null,
        outOfMemory: false,
        memoryBytes: 1,
        openRequests: 0,
        detail: '',
        ...host.judge(one),
      })),
    ),
    disk: { freeMb: 50_000, totalMb: 100_000 },
    memoryMb: host.memoryMb,
    figures: null,
  }
}
