import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import {
  AGENT_API,
  type AgentRunRequest,
  BuildEvent,
  type BuildRequest,
  type DrillStartRequest,
  HostDrills,
  HostReport,
  NumberedDrillEvent,
  type WorkloadConfig,
} from '#contract/agent.ts'
import { LogLine } from '#contract/apps.ts'
import { DrillStart } from '#contract/drills.ts'
import { ErrorBody, MaruError, parseWith } from '#contract/errors.ts'
import type { HostName } from '#contract/ids.ts'
import { textLines } from '#runtime/kit/text-lines.ts'

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
  removeApp(appId: string): Promise<void>
  /** Whether the host is a lab, and the drill that it carries out now. */
  drills(): Promise<HostDrills>
  /** Carries out a drill on the host; refused where it may not run. */
  startDrill(request: DrillStartRequest): Promise<DrillStart>
  /** What that drill does, after a number, until its end. */
  drillEvents(start: string, after: number, signal: AbortSignal): AsyncIterable<NumberedDrillEvent>
}

/** The agents of all hosts. */
export interface Agents {
  /** The agent of the host that the control plane runs on. It alone can sign certificates. */
  readonly first: AgentClient
  /** The agent of a host by its name. A host that is not there (any more) shows when it is asked. */
  of(host: HostName): AgentClient
}

const Generation = z.strictObject({ generation: z.number().int() })
const Lines = z.strictObject({ lines: z.array(z.string()) })
/** An agent that accepts a connection but does not answer counts as away; streams and long polls have no such end. */
const ANSWER_TIMEOUT_MS = 30_000
/** Stopping containers and removing images takes its time. */
const REMOVE_TIMEOUT_MS = 300_000

/** The agent behind a unix socket. */
export function makeAgentClient(socketPath: string): AgentClient {
  const send = (options: RequestOptions, body?: object) =>
    exchange({ socketPath, agent: false, ...options }, body)
  const json = async <T extends z.ZodType>(schema: T, options: RequestOptions, body?: object) =>
    parseWith(schema, JSON.parse(await textOf(await send(options, body))), 'agent')
  async function* lines<T extends z.ZodType>(schema: T, options: RequestOptions, body?: object) {
    const response = await send(options, body)
    try {
      for await (const line of textLines(response)) yield schema.parse(JSON.parse(line)) as z.infer<T>
    } catch (error) {
      if (options.signal?.aborted !== true) throw away(error)
    } finally {
      response.destroy()
    }
  }
  return {
    putWorkload: (config) =>
      json(Generation, { method: 'PUT', path: AGENT_API.workload, timeout: ANSWER_TIMEOUT_MS }, config),
    report: (after, waitMs, signal) =>
      json(HostReport, {
        path: withQuery(AGENT_API.report, { after, waitMs }),
        timeout: waitMs + ANSWER_TIMEOUT_MS,
        ...(signal === undefined ? {} : { signal }),
      }),
    build: (request, signal) =>
      lines(BuildEvent, { method: 'POST', path: AGENT_API.builds, signal }, request),
    run: async (request) => {
      const stream = await upgrade({ socketPath, agent: false, method: 'POST', path: AGENT_API.runs })
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
    removeApp: async (appId) => {
      await json(z.strictObject({}), {
        method: 'DELETE',
        path: AGENT_API.app(appId),
        timeout: REMOVE_TIMEOUT_MS,
      })
    },
  }
}

const withQuery = (path: string, query: Readonly<Record<string, string | number>>) =>
  `${path}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`

const away = (cause: unknown) =>
  cause instanceof MaruError ? cause : new MaruError('unreachable', { what: "The host's agent" }, { cause })

/** Sends a request; gives the answer's stream, or the error that the agent named. */
async function exchange(options: RequestOptions, body?: object): Promise<IncomingMessage> {
  const request = httpRequest(options)
  request.on('timeout', () => request.destroy(new Error('no answer in time')))
  if (body !== undefined) request.setHeader('content-type', 'application/json')
  request.end(body === undefined ? undefined : JSON.stringify(body))
  const response = await responseOf(request)
  if (response.statusCode === 200) return response
  const answer = ErrorBody.safeParse(JSON.parse(await textOf(response)))
  throw answer.success ? MaruError.fromBody(answer.data) : away(new Error(`status ${response.statusCode}`))
}

async function responseOf(request: ReturnType<typeof httpRequest>): Promise<IncomingMessage> {
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    // Later failures reach the reader through the answer's stream.
    request.on('error', () => {})
    return response
  } catch (error) {
    throw away(error)
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch (error) {
    throw away(error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function upgrade(options: RequestOptions): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'maru-stream' }
    const request = httpRequest({ ...options, headers })
    request.on('upgrade', (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    request.on('response', (response) => reject(away(new Error(`status ${response.statusCode}`))))
    request.on('error', (error) => reject(away(error)))
    request.end()
  })
}
