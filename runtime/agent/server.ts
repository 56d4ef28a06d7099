import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { BuildRequest, DrillStartRequest, WorkloadConfig } from '#contract/agent.ts'
import { AGENT_API, WORDS_HEADER } from '#contract/agent-api.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import { type HostStacks, RestackRequest, type RestackResult } from '#contract/host-stacks.ts'
import { AppId, AppName, DrillStartId, Instant, ProcessType } from '#contract/ids.ts'
import type { Installation } from '#contract/installation.ts'
import type { NetworkPolicy } from '#contract/network.ts'
import type { AskedCertificates } from '#platform/edge/index.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { DrillRunner } from './drills.ts'
import { EDGE_ROUTES } from './edge-routes.ts'
import type { Guard } from './guard.ts'
import { GUARD_ROUTES } from './guard-routes.ts'
import { readBody, sendError, sendJson, sendLines } from './http.ts'
import { type LogDeps, lastLog, streamLogs } from './logs.ts'
import type { HostMembership } from './membership.ts'
import { MEMBERSHIP_ROUTES } from './membership-routes.ts'
import type { UpstreamKeeper } from './own-upstream.ts'
import type { ReportBoard } from './report-board.ts'
import { asKnown } from './report-words.ts'
import type { ServiceBundles } from './service-bundles.ts'
import type { Signer } from './signer.ts'
import { UPSTREAM_ROUTES } from './upstream-routes.ts'
import type { WorkloadStore } from './workload-store.ts'

export interface AgentServerDeps extends LogDeps {
  readonly log: Log
  readonly workloads: WorkloadStore
  /** What of the network's policy is in force. */
  readonly standing: () => NetworkPolicy
  readonly board: ReportBoard
  /** The state that is wanted has changed. */
  readonly wake: () => void
  readonly build: (request: BuildRequest, emit: (event: object) => void, signal: AbortSignal) => Promise<void>
  readonly run: (stream: Duplex) => Promise<void>
  readonly stacks: () => Promise<HostStacks>
  readonly restack: (request: RestackRequest) => Promise<RestackResult>
  readonly removeApp: (appId: string) => Promise<void>
  readonly drills: DrillRunner
  readonly membership: HostMembership
  readonly bundles: ServiceBundles
  readonly guard: Guard
  readonly upstream: UpstreamKeeper
  readonly signer: Signer
  readonly installation: Pick<Installation, 'domain'>
  /** Where another host's authority signs for this host's edge. */
  readonly asked: AskedCertificates | undefined
  /** Undefined where there is no such image. */
  readonly exportImage: (id: string, whole: boolean) => Promise<Readable | undefined>
  readonly importImage: (id: string, tar: Readable) => Promise<void>
}

const WORKLOAD_MAX_BYTES = 256 * 1024 * 1024
const REQUEST_MAX_BYTES = 1024 * 1024
const WAIT_MAX_MS = 60_000

const ReportQuery = z.strictObject({
  after: z.coerce.number().int().default(0),
  waitMs: z.coerce.number().int().min(0).max(WAIT_MAX_MS).default(0),
})
const LogsQuery = z.strictObject({
  app: AppName,
  process: ProcessType.optional(),
  follow: z.stringbool().default(false),
  tail: z.coerce.number().int().min(0).max(10_000).default(200),
  since: Instant.optional(),
})
const LastLogQuery = z.strictObject({
  app: AppName,
  release: z.coerce.number().int(),
  lines: z.coerce.number().int().min(1).max(1000).default(40),
})
const DrillEventsQuery = z.strictObject({
  start: DrillStartId,
  after: z.coerce.number().int().min(0).default(0),
})

interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: Record<string, string>
  readonly path: string
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal
}

export type Handler = (call: Call, deps: AgentServerDeps) => Promise<void>
export type AgentRoute = readonly [method: string, path: string, handler: Handler]

const putWorkload: Handler = async ({ request, response }, { workloads, wake }) => {
  const config = parseWith(WorkloadConfig, await readBody(request, WORKLOAD_MAX_BYTES))
  await workloads.put(config)
  wake()
  sendJson(response, 200, { generation: config.generation })
}

const getReport: Handler = async ({ request, response, query, signal }, { board }) => {
  const { after, waitMs } = parseWith(ReportQuery, query)
  sendJson(response, 200, asKnown(await board.wait(after, waitMs, signal), request.headers[WORDS_HEADER]))
}

const postBuild: Handler = async ({ request, response, signal }, { build }) => {
  const wanted = parseWith(BuildRequest, await readBody(request, REQUEST_MAX_BYTES))
  const lines = sendLines(response)
  await build(wanted, (event) => void lines.send(event), signal)
  lines.end()
}

const getLogs: Handler = async ({ response, query, signal }, deps) => {
  const request = parseWith(LogsQuery, query)
  const lines = sendLines(response)
  await streamLogs(deps, request, lines.send, signal)
  lines.end()
}

const getLastLog: Handler = async ({ response, query }, deps) => {
  const { app, release, lines } = parseWith(LastLogQuery, query)
  sendJson(response, 200, { lines: await lastLog(deps, app, release, lines) })
}

const getStacks: Handler = async ({ response }, { stacks }) => sendJson(response, 200, await stacks())

const postRestack: Handler = async ({ request, response }, { restack }) => {
  const wanted = parseWith(RestackRequest, await readBody(request, REQUEST_MAX_BYTES))
  sendJson(response, 200, await restack(wanted))
}

const ImageId = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be the id of an image')
const ImageQuery = z.strictObject({ whole: z.stringbool().default(false) })
const imageIdOf = ({ path }: Call) => parseWith(ImageId, path.slice(AGENT_API.image('').length), 'image')

const getImage: Handler = async (call, { exportImage }) => {
  const image = imageIdOf(call)
  const tar = await exportImage(image, parseWith(ImageQuery, call.query).whole)
  if (tar === undefined) throw new MaruError('hosts.image_not_found', { image })
  call.response.writeHead(200, { 'content-type': 'application/x-tar' })
  await pipeline(tar, call.response)
}

const putImage: Handler = async (call, { importImage, wake }) => {
  await importImage(imageIdOf(call), call.request)
  wake()
  sendJson(call.response, 200, {})
}

const deleteApp: Handler = async ({ response, path }, { removeApp }) => {
  await removeApp(parseWith(AppId, path.slice(AGENT_API.app('').length), 'appId'))
  sendJson(response, 200, {})
}

const getDrills: Handler = async ({ response }, { drills }) => sendJson(response, 200, await drills.state())

const postDrill: Handler = async ({ request, response }, { drills }) => {
  const wanted = parseWith(DrillStartRequest, await readBody(request, REQUEST_MAX_BYTES))
  sendJson(response, 200, await drills.start(wanted))
}

const getDrillEvents: Handler = async ({ response, query, signal }, { drills }) => {
  const { start, after } = parseWith(DrillEventsQuery, query)
  drills.checkKnown(start)
  const lines = sendLines(response)
  await drills.follow(start, after, lines.send, signal)
  lines.end()
}

/** The agent's API: method and path → handler. A path that ends in a slash stands for what follows it, too. */
const ROUTES: readonly AgentRoute[] = [
  ...MEMBERSHIP_ROUTES,
  ...EDGE_ROUTES,
  ...GUARD_ROUTES,
  ...UPSTREAM_ROUTES,
  ['PUT', AGENT_API.workload, putWorkload],
  ['GET', AGENT_API.report, getReport],
  ['POST', AGENT_API.builds, postBuild],
  ['GET', AGENT_API.logs, getLogs],
  ['GET', AGENT_API.lastLog, getLastLog],
  ['GET', AGENT_API.drills, getDrills],
  ['POST', AGENT_API.drills, postDrill],
  ['GET', AGENT_API.drillEvents, getDrillEvents],
  ['GET', AGENT_API.stacks, getStacks],
  ['POST', AGENT_API.restacks, postRestack],
  ['GET', AGENT_API.image(''), getImage],
  ['PUT', AGENT_API.image(''), putImage],
  ['DELETE', AGENT_API.app(''), deleteApp],
]

/** The agent's API on a unix socket: who may open it is decided by its rights and its folder's. */
export function makeAgentServer(deps: AgentServerDeps): Server {
  const server = createServer({ requestTimeout: 0 })
  serveAgent(server, deps)
  return server
}

/** Answers the requests of a server that admits only who may ask. */
export function serveAgent(server: Server | TlsServer, deps: AgentServerDeps): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const url = new URL(request.url ?? '/', 'http://agent')
    const call = {
      request,
      response,
      query: Object.fromEntries(url.searchParams),
      path: url.pathname,
      signal: gone.signal,
    }
    handle(call, deps).catch((error: unknown) => {
      if (gone.signal.aborted) return
      if (!(error instanceof MaruError)) deps.log.error('agent.request_failed', { path: url.pathname, error })
      sendError(response, error)
    })
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.url !== AGENT_API.runs || request.method !== 'POST') return void socket.destroy()
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: maru-stream\r\nConnection: Upgrade\r\n\r\n')
    if (head.length > 0) socket.unshift(head)
    void deps.run(socket)
  })
}

async function handle(call: Call, deps: AgentServerDeps): Promise<void> {
  const found = ROUTES.find(
    ([method, path]) =>
      method === call.request.method &&
      (path.endsWith('/') ? call.path.startsWith(path) : call.path === path),
  )
  if (found === undefined) throw new MaruError('not_found', { path: call.path })
  await found[2](call, deps)
}
