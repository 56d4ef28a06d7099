import { duplexPair } from 'node:stream'
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
  readonly workloads: WorkloadConfig[]
  readonly removed: string[]
  readonly commands: string[][]
  judge: (instance: InstanceSpec) => Partial<InstanceReport>
  buildEvents: (request: BuildRequest) => BuildEvent[]
  releaseExitCode: number
  problem: string
  stackReport: HostStacks
}

/** Instances that go on running keep their time. */
const STARTED_AT = '2026-01-01T00:00:00.000Z'

/** Makes one that builds everything and calls every instance healthy. */
export function makeTestHost(): TestHost {
  let sequence = 1
  let wake: Array<() => void> = []
  const host: TestHost = {
    workloads: [],
    removed: [],
    commands: [],
    judge: () => ({}),
    buildEvents: builtEvents,
    releaseExitCode: 0,
    problem: '',
    stackReport: { newest: [], known: [], behind: [] },
    async putWorkload(config) {
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
    ...stackCalls(() => host.stackReport),
    lastLog: async () => ['cannot find module'],
    async removeApp(appId) {
      host.removed.push(appId)
    },
    drills: async () => ({ lab: true, underWay: null }),
    startDrill: async ({ drill }) => {
      throw new MaruError('drills.unknown', { drill })
    },
    async *drillEvents() {},
  }
  wake = []
  return host
}

const builtEvents = ({ appId, release }: BuildRequest): BuildEvent[] => {
  const result = { image: `image-${appId}-v${release}`, stack: 'node26', slug: null, defaultWeb: true }
  return [
    { type: 'log', line: 'building' },
    { type: 'done', result },
  ]
}

const stackCalls = (report: () => HostStacks): Pick<AgentClient, 'stacks' | 'restack'> => ({
  stacks: async () => report(),
  restack: async (request) => restackOn(report(), request),
})

function restackOn({ newest }: HostStacks, { appId, release, stack: before }: RestackRequest): RestackResult {
  const stack = newest.find(({ usual }) => usual)?.image ?? 'node26'
  return { image: stack === before ? null : `image-${appId}-v${release}-on-${stack}`, stack }
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
    host: 'test-host',
    generation: config?.generation ?? -1,
    problem: host.problem,
    components: [],
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
    figures: null,
  }
}
