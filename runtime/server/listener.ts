import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { fastifyCookie } from '@fastify/cookie'
import { type FastifyInstance, type FastifyRequest, fastify as makeFastify } from 'fastify'
import { type ErrorBody, MaruError } from '#contract/errors.ts'
import type { Log } from '#runtime/kit/log.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import { asksForPage, type ConsolePages, sendPage, serveConsoleFiles } from './console-pages.ts'
import { BODY_LIMIT_BYTES, failureOf, logFailure } from './failure.ts'
import { type HandlersOf, type RouteFrame, type RouteTable, registerRoutes } from './routes.ts'
import { acceptUpgrades, isUpgrade } from './upgrade.ts'

export interface ListenerOptions {
  readonly log: Log
  /** Certificate and key; none: plain HTTP, which only the local socket speaks. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer }
  /** The one peer whose X-Forwarded-For and X-Request-Id are believed. */
  readonly edgeAddress?: string
  /** The console for browsers: none on the local socket; `undefined` where it has not been built. */
  readonly console?: { readonly pages: ConsolePages | undefined }
}

/** A large source over a slow line takes its time; a request that says nothing for a minute is cut. */
const REQUEST_TIMEOUT_MS = 15 * 60_000
const HEADERS_TIMEOUT_MS = 20_000
/** How long what is left of a refused upload is read, so that the caller gets to see the answer. */
const DISCARD_MS = 10_000

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** An HTTP server with every route of the table; where it listens is the caller's matter. */
export function makeListener<A extends RouteTable>(
  table: A,
  handlers: HandlersOf<A>,
  frame: RouteFrame,
  options: ListenerOptions,
): FastifyInstance {
  const server = makeHttpServer(options)
  const fastify = makeFastify({
    serverFactory: (handler) => server.on('request', handler),
    bodyLimit: BODY_LIMIT_BYTES,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    genReqId: (request) => requestIdOf(request, options.edgeAddress),
    requestIdHeader: false,
    trustProxy: (address) => address === options.edgeAddress,
    frameworkErrors: (error, request, reply) => {
      const failure = failureOf(error, request.id)
      reply.statusCode = failure.status
      return reply.send(failure.toBody() as never)
    },
  })
  acceptUpgrades(server, fastify)
  fastify.register(fastifyCookie)
  addContentTypes(fastify, table)
  addHooks(fastify, options.log)
  addErrors(fastify, table, options)
  if (options.console?.pages) serveConsoleFiles(fastify, options.console.pages)
  registerRoutes(fastify, table, handlers, frame)
  return fastify
}

function makeHttpServer({ tls }: ListenerOptions): Server {
  const options = {
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // Longer than the edge keeps an idle connection, so that it never writes into one that just closed.
    keepAliveTimeout: 75_000,
    maxHeaderSize: 16 * 1024,
    shouldUpgradeCallback: isUpgrade,
  }
  return tls ? createTlsServer({ ...options, ...tls, minVersion: 'TLSv1.2' }) : createServer(options)
}

/** The edge has already given the request an id: one id, from the edge's log to ours. */
function requestIdOf(
  request: { socket: { remoteAddress?: string | undefined }; headers: Record<string, unknown> },
  edge: string | undefined,
): string {
  const given = request.headers['x-request-id']
  const believed = edge !== undefined && request.socket.remoteAddress === edge
  return believed && typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : randomId('req')
}

/** JSON is parsed by Fastify; uploads stay streams and are counted by their route. */
function addContentTypes(fastify: FastifyInstance, table: RouteTable): void {
  fastify.removeContentTypeParser('text/plain')
  const types = Object.values(table).flatMap((routes) =>
    Object.values(routes).flatMap(({ upload }) => (upload ? [upload.type] : [])),
  )
  for (const type of new Set(types))
    fastify.addContentTypeParser(type, (_request, _payload, done) => done(null))
}

function addHooks(fastify: FastifyInstance, log: Log): void {
  fastify.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...HEADERS, 'x-request-id': request.id })
  })
  fastify.addHook('onResponse', async (request, reply) => {
    discardRest(request)
    log.info('http.request', {
      requestId: request.id,
      method: request.method,
      route: (request.routeOptions.config as { id?: string }).id ?? null,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      source: request.ip ?? 'local',
    })
  })
}

/** Reads what is left of a body that nobody wanted, for a while: a cut connection would swallow the answer. */
function discardRest({ raw }: FastifyRequest): void {
  if (raw.readableEnded || raw.destroyed) return
  raw.unpipe()
  raw.resume()
  const cut = setTimeout(() => raw.destroy(), DISCARD_MS)
  raw.once('end', () => clearTimeout(cut))
  raw.once('close', () => clearTimeout(cut))
}

function addErrors(fastify: FastifyInstance, table: RouteTable, options: ListenerOptions): void {
  const { log } = options
  fastify.setErrorHandler((error, request, reply) => {
    const failure = brokenOff(request, error) ?? failureOf(error, request.id)
    logFailure(log, failure, { requestId: request.id, method: request.method, path: pathOf(request) })
    if (failure.code === 'rate_limited') reply.header('retry-after', String(failure.params.seconds))
    const body: ErrorBody = failure.toBody()
    return reply.code(failure.status).type('application/json; charset=utf-8').send(body)
  })
  const patterns = patternsOf(table)
  fastify.setNotFoundHandler((request, reply) => {
    if (options.console && asksForPage(request)) return sendPage(reply, options.console.pages)
    const path = pathOf(request)
    if (patterns.some((pattern) => pattern.test(path)))
      throw new MaruError('method_not_allowed', { method: request.method, path })
    throw new MaruError('not_found', { path })
  })
}

/** A caller that leaves in the middle of its body looks like any cut connection, the database's included. */
function brokenOff({ raw }: FastifyRequest, cause: unknown): MaruError | undefined {
  if (raw.complete || !raw.destroyed) return undefined
  return new MaruError('invalid', { field: 'body', reason: 'ended too early' }, { cause })
}

const pathOf = (request: FastifyRequest) => (request.url.split('?')[0] ?? '').slice(0, 200)

const patternsOf = (table: RouteTable) =>
  Object.values(table).flatMap((routes) =>
    Object.values(routes).map(
      ({ path }) => new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    ),
  )
