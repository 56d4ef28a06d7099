import type { RequestOptions } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { z } from 'zod'
import {
  type AgentRunRequest,
  BuildEvent,
  type BuildRequest,
  type DrillStartRequest,
  HostReport,
  type WorkloadConfig,
} from '#contract/agent.ts'
import { AGENT_API, REPORT_WORDS, WORDS_HEADER } from '#contract/agent-api.ts'
import { LogLine } from '#contract/apps.ts'
import { DrillStart, HostDrills, NumberedDrillEvent } from '#contract/drills.ts'
import { type GuardOrders, GuardReport } from '#contract/guard.ts'
import { HostStacks, type RestackRequest, RestackResult } from '#contract/host-stacks.ts'
import { Generation, type HostName } from '#contract/ids.ts'
import { STACK_LIMITS } from '#contract/stacks.ts'
import type { UpstreamOrders } from '#contract/upstream.ts'
import { textLines } from '#runtime/kit/text-lines.ts'
import { broken, exchange, exchangeJson, type FindWay, socketWay, upgrade } from './agent-transport.ts'

export interface LogQuery {
  readonly app: string
  readonly process?: string | undefined
  readonly follow: boolean
  readonly tail: number
  /** Every line from this time on, instead of `tail` lines. */
  readonly since?: string | undefined
}

/** The control plane's way to a host's agent. Failures are MaruErrors; an agent that is away is `unreachable`. */
export interface AgentClient {
  /** Hands over the whole state of the apps; `hosts.stale_generation` when the host has a newer one. */
  putWorkload(config: WorkloadConfig): Promise<{ generation: number }>
  /** The first report after `after`; waits at most `waitMs`, then answers with the latest. */
  report(after: number, waitMs: number, signal?: AbortSignal): Promise<HostReport>
  /** Builds; ends with a `done` or `failed` event. Aborting stops the build on the host. */
  build(request: BuildRequest, signal: AbortSignal): AsyncIterable<BuildEvent>
  /** Starts a one-off command; frames (RUN_FRAME) flow both ways. */
  run(request: AgentRunRequest): Promise<Duplex>
  logs(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>
  /** The last lines that a release's instances printed, stopped ones included. */
  lastLog(app: string, release: number, lines: number): Promise<string[]>
  stacks(): Promise<HostStacks>
  /** Puts a slug on the newest stack of its kind. */
  restack(request: RestackRequest): Promise<RestackResult>
  removeApp(appId: string): Promise<void>
  /** Whom the host holds, and what has happened after a number; waits at most `waitMs`. */
  guard(after: number, waitMs: number, signal?: AbortSignal): Promise<GuardReport>
  /** Hands over what people decided about who speaks to the hosts. */
  putGuardOrders(orders: GuardOrders): Promise<void>
  /** Hands over what the host has providers drop. */
  putUpstreamOrders(orders: UpstreamOrders): Promise<void>
  /** Whether the host is a lab, and the drill that it carries out now. */
  drills(): Promise<HostDrills>
  /** Carries out a drill on the host; refused where it may not run. */
  startDrill(request: DrillStartRequest): Promise<DrillStart>
  /** What that drill does, after a number, until its end. */
  drillEvents(start: string, after: number, signal: AbortSignal): AsyncIterable<NumberedDrillEvent>
  /** An image for another host's engine; unless it is wanted whole, without what it shares with its stack. */
  image(id: string, whole: boolean, signal: AbortSignal): Promise<Readable>
  /** Hands over what `image` gave; `hosts.image_refused` when this host cannot make the image of it. */
  putImage(id: string, tar: Readable, signal: AbortSignal): Promise<void>
}

/** The agents of all hosts. */
export interface Agents {
  /** The agent of the host that the control plane itself runs on. */
  readonly first: AgentClient
  /** The agent of a host by its name. A host that is not there (any more) shows when it is asked. */
  of(host: HostName): AgentClient
}

const Taken = z.strictObject({ generation: Generation })
const Lines = z.strictObject({ lines: z.array(z.string()) })
/** An agent that accepts a connection but does not answer counts as away; streams and long polls have no such end. */
const ANSWER_TIMEOUT_MS = 30_000
/** The first app that needs a Node of its own waits for its download. */
const RESTACK_TIMEOUT_MS = 300_000
type Ask = <T extends z.ZodType>(schema: T, options: RequestOptions, body?: object) => Promise<z.infer<T>>

const stackCalls = (json: Ask): Pick<AgentClient, 'stacks' | 'restack'> => ({
  // An agent whose engine hangs would let everybody wait who asks all hosts.
  stacks: () => json(HostStacks, { path: AGENT_API.stacks, timeout: STACK_LIMITS.stackAnswerS * 1000 }),
  restack: (request) =>
    json(RestackResult, { method: 'POST', path: AGENT_API.restacks, timeout: RESTACK_TIMEOUT_MS }, request),
})

const reportFrom = (after: number, waitMs: number): RequestOptions => ({
  path: withQuery(AGENT_API.report, { after, waitMs }),
  headers: { [WORDS_HEADER]: REPORT_WORDS.join(' ') },
})

/** A report is at hand: who does not give it in time may be a host that has lost its power. */
const REPORT_TIMEOUT_MS = 10_000
/** Stopping containers and removing images takes its time. */
const REMOVE_TIMEOUT_MS = 300_000

async function handOver(json: Ask, path: string, orders: object): Promise<void> {
  await json(z.strictObject({}), { method: 'PUT', path, timeout: ANSWER_TIMEOUT_MS }, orders)
}

const guardCalls = (json: Ask): Pick<AgentClient, 'guard' | 'putGuardOrders' | 'putUpstreamOrders'> => ({
  guard: (after, waitMs, signal) =>
    json(GuardReport, {
      path: withQuery(AGENT_API.guard, { after, waitMs }),
      timeout: waitMs + REPORT_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    }),
  putGuardOrders: (orders) => handOver(json, AGENT_API.guard, orders),
  putUpstreamOrders: (orders) => handOver(json, AGENT_API.upstream, orders),
})

/** The agent behind a unix socket, or wherever it is found. */
export function makeAgentClient(where: string | FindWay): AgentClient {
  const find = typeof where === 'string' ? socketWay(where) : where
  const json = <T extends z.ZodType>(schema: T, options: RequestOptions, body?: object) =>
    exchangeJson(find, schema, options, body)
  async function* lines<T extends z.ZodType>(schema: T, options: RequestOptions, body?: object) {
    const response = await exchange(find, options, body)
    try {
      for await (const line of textLines(response)) yield schema.parse(JSON.parse(line)) as z.infer<T>
    } catch (error) {
      if (options.signal?.aborted !== true) throw broken(error)
    } finally {
      response.destroy()
    }
  }
  return {
    putWorkload: (config) =>
      json(Taken, { method: 'PUT', path: AGENT_API.workload, timeout: ANSWER_TIMEOUT_MS }, config),
    report: (after, waitMs, signal) =>
      json(HostReport, {
        ...reportFrom(after, waitMs),
        timeout: waitMs + REPORT_TIMEOUT_MS,
        ...(signal === undefined ? {} : { signal }),
      }),
    build: (request, signal) =>
      lines(BuildEvent, { method: 'POST', path: AGENT_API.builds, signal }, request),
    run: async (request) => {
      const stream = await upgrade(find, { method: 'POST', path: AGENT_API.runs })
      stream.write(`${JSON.stringify(request)}\n`)
      return stream
    },
    logs: ({ app, process, follow, tail, since }, signal) => {
      const query = {
        app,
        follow: String(follow),
        tail,
        ...(process === undefined ? {} : { process }),
        ...(since === undefined ? {} : { since }),
      }
      return lines(LogLine, { path: withQuery(AGENT_API.logs, query), signal })
    },
    lastLog: async (app, release, count) => {
      const path = withQuery(AGENT_API.lastLog, { app, release, lines: count })
      return (await json(Lines, { path, timeout: ANSWER_TIMEOUT_MS })).lines
    },
    drills: () => json(HostDrills, { path: AGENT_API.drills, timeout: ANSWER_TIMEOUT_MS }),
    startDrill: (request) =>
      json(DrillStart, { method: 'POST', path: AGENT_API.drills, timeout: ANSWER_TIMEOUT_MS }, request),
    drillEvents: (start, after, signal) =>
      lines(NumberedDrillEvent, { path: withQuery(AGENT_API.drillEvents, { start, after }), signal }),
    ...{ ...stackCalls(json), ...guardCalls(json) },
    ...imageCalls(find),
    removeApp: async (appId) => {
      await json(z.strictObject({}), {
        method: 'DELETE',
        path: AGENT_API.app(appId),
        timeout: REMOVE_TIMEOUT_MS,
      })
    },
  }
}

const imageCalls = (find: FindWay): Pick<AgentClient, 'image' | 'putImage'> => ({
  image: (id, whole, signal) =>
    exchange(find, { path: withQuery(AGENT_API.image(id), { whole: String(whole) }), signal }),
  putImage: async (id, tar, signal) => {
    await exchangeJson(find, z.strictObject({}), { method: 'PUT', path: AGENT_API.image(id), signal }, tar)
  },
})

const withQuery = (path: string, query: Readonly<Record<string, string | number>>) =>
  `${path}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`
