import { createHash } from 'node:crypto'
import type { Duplex, Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Principal } from '#contract/access.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import type { Route } from '#contract/route.ts'
import { type AuditLog, endOf, isActRecorded, isRecorded, toldOf, withRecord } from './audit.ts'
import { type AccessLookups, authorize } from './authorize.ts'
import { browserSession } from './browser-session.ts'
import { failureOf, logFailure } from './failure.ts'
import type { Call, Handlers, ServerDeps, StreamEvent } from './handler.ts'
import type { Idempotency, KeyedAnswer } from './idempotency.ts'
import type { Identify } from './identify.ts'
import { makeOpenLimit, type OpenLimit } from './open-limit.ts'
import { joinDuplex, limitBytes, sendEvents, sendLines, tooLarge } from './streams.ts'
import { upgradeOf } from './upgrade.ts'

/** Capability → name → route: the form of contract/api.ts. */
export type RouteTable = Readonly<Record<string, Readonly<Record<string, Route>>>>

/** A handler for every route of a table: a forgotten one is a compile error. */
export type HandlersOf<A extends RouteTable> = { readonly [C in keyof A]: Handlers<A[C]> }

/** What serving a route needs besides its handler. */
export interface RouteFrame {
  readonly deps: ServerDeps
  readonly lookups: AccessLookups
  readonly idempotency: Idempotency
  /** Where it is written down who did what. */
  readonly audit: AuditLog
  /** The platform's own address, as browsers write it. */
  readonly origin: string
  /** Who asks, as the listener knows it; also where the rates are limited. */
  readonly identify: Identify
  /** The same without counting: for who was admitted and is still there. */
  readonly recognise: Identify
  /** Aborted when the server stops: streams end, and clients resume with the next server. */
  readonly stopping: AbortSignal
}

type AnyHandler = (call: Call<Route>, deps: ServerDeps) => Promise<unknown>

/** A route with its name, such as `apps.deploy`, and its handler. */
interface Served {
  readonly id: string
  readonly route: Route
  readonly handler: AnyHandler
}

/** Registers every row of the table. One without a handler or an access rule stops the start. */
export function registerRoutes<A extends RouteTable>(
  fastify: FastifyInstance,
  table: A,
  handlers: HandlersOf<A>,
  frame: RouteFrame,
): void {
  const limit = makeOpenLimit()
  for (const [capability, routes] of Object.entries(table)) {
    for (const [name, route] of Object.entries(routes)) {
      const handler: unknown = handlers[capability]?.[name as never]
      const id = `${capability}.${name}`
      if (typeof handler !== 'function') throw new Error(`route ${id} has no handler`)
      if (!route.access) throw new Error(`route ${id} has no access rule`)
      registerRoute(fastify, { id, route, handler: handler as AnyHandler }, frame, limit)
    }
  }
}

/** Streams and uploads stay open for as long as their caller likes. */
const staysOpen = ({ kind, upload }: Route) => upload !== undefined || !['json', 'text'].includes(kind)

function registerRoute(fastify: FastifyInstance, served: Served, frame: RouteFrame, limit: OpenLimit): void {
  const { id, route } = served
  const admitted = new WeakMap<FastifyRequest, Principal>()
  fastify.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    config: { id },
    // The body is not even read before the caller is known and allowed.
    onRequest: async (request, reply) => {
      const principal = await frame.identify(request, route)
      await admit(served, request, principal, frame)
      if (staysOpen(route)) reply.raw.once('close', limit.enter(principal.id))
      admitted.set(request, principal)
    },
    handler: async (request, reply) => {
      const principal = admitted.get(request)
      if (!principal) throw new Error(`${id} was reached without authorization`)
      const call = callOf(served, request, reply, principal, frame)
      const work = () => {
        const handle = () => served.handler(call, frame.deps)
        if (!isActRecorded(route, principal)) return handle()
        const act = { ...actOf(id, request, principal), told: toldOf(route, call) }
        return withRecord({ audit: frame.audit, log: frame.deps.log }, route, act, handle)
      }
      if (route.kind === 'json') return await answerJson(route, reply, call, work, frame)
      return await answerOther(served, request, reply, call, await work(), frame)
    },
  })
}

const actOf = (action: string, request: FastifyRequest, who: Principal) => ({
  ...{ who, action, requestId: request.id, source: sourceOf(request) },
  goals: { ...(request.params as Record<string, string>) },
  told: {},
})

const sourceOf = (request: FastifyRequest) => request.ip ?? 'local'

/** Who may not is refused; that somebody tried is written down where somebody is known. */
async function admit(
  { id, route }: Served,
  request: FastifyRequest,
  principal: Principal,
  { lookups, audit, deps }: RouteFrame,
): Promise<void> {
  try {
    await authorize(principal, route, request.params as Record<string, unknown>, lookups)
  } catch (error) {
    const known = principal.kind !== 'anonymous' && error instanceof MaruError
    if (known && isRecorded(route))
      await audit
        .whole(actOf(id, request, principal), endOf(error, request.id))
        .catch((lost: unknown) => deps.log.error('audit.refusal_lost', { action: id, error: lost }))
    throw error
  }
}

/** Parses everything that came with the request; what does not fit is `invalid` with the field's name. */
function callOf(
  { id, route }: Served,
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal,
  frame: RouteFrame,
): Call<Route> {
  const { stopping, origin } = frame
  const params = parseWith(route.params, request.params)
  const query = parseWith(route.query, queryOf(route, request))
  const body = route.upload ? undefined : parseWith(route.body, bodyOf(route, request))
  const key = route.idempotent ? keyOf(request) : undefined
  return {
    params,
    query,
    body,
    principal,
    recheck: async () => {
      const now = await frame.recognise(request, route)
      await authorize(now, route, request.params as Record<string, unknown>, frame.lookups)
      return now
    },
    keyed:
      key === undefined
        ? undefined
        : { principal: principal.id, route: id, key, content: `${request.url}\n${JSON.stringify(body)}` },
    requestId: request.id,
    source: sourceOf(request),
    // When the server stops, requests that will end are let end; streams are not waited for.
    signal: route.kind === 'json' ? callerLeft(reply) : AbortSignal.any([stopping, callerLeft(reply)]),
    session: browserSession(request, reply, origin),
    upload: uploadOf(route, request),
  }
}

/** Who connects again keeps its address, `after` included, and says in `Last-Event-ID` how far it came: that counts. */
function queryOf(route: Route, request: FastifyRequest): unknown {
  const query = request.query as Record<string, unknown>
  const last = request.headers['last-event-id']
  return route.kind === 'events' && last !== undefined ? { ...query, after: last } : query
}

/** A route that takes no body also accepts none, `null` and `{}`: clients differ in what they send then. */
function bodyOf(route: Route, request: FastifyRequest): unknown {
  const body = request.body ?? undefined
  const empty = typeof body === 'object' && Object.keys(body).length === 0
  return empty && route.body instanceof z.ZodUndefined ? undefined : body
}

function uploadOf(route: Route, request: FastifyRequest): Readable {
  if (!route.upload) return request.raw
  const { type, maxBytes } = route.upload
  if (request.headers['content-type']?.split(';')[0]?.trim() !== type)
    throw new MaruError('invalid', { field: 'content-type', reason: `must be ${type}` })
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
  const limited = limitBytes(maxBytes)
  request.raw.on('error', (error) => limited.destroy(error))
  request.raw.on('aborted', () => limited.destroy(new Error('the caller broke off the upload')))
  return request.raw.pipe(limited)
}

function callerLeft(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error('the caller left'))
  })
  return controller.signal
}

async function answerJson(
  route: Route,
  reply: FastifyReply,
  { keyed }: Call<Route>,
  work: () => Promise<unknown>,
  frame: RouteFrame,
): Promise<FastifyReply> {
  const run = async (): Promise<KeyedAnswer> => ({
    status: route.status,
    body: JSON.stringify((await work()) ?? null),
  })
  const answer =
    keyed === undefined ? { ...(await run()), replayed: false } : await frame.idempotency.once(keyed, run)
  if (answer.replayed) reply.header('idempotency-replayed', 'true')
  return reply.code(answer.status).type('application/json; charset=utf-8').send(answer.body)
}

const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable characters')

function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  return key === undefined ? undefined : parseWith(IdempotencyKey, key, 'Idempotency-Key')
}

/** A page or a picture gets a policy that allows exactly its own style sheet, and no script at all. */
function answerText(route: Route, reply: FastifyReply, text: string): FastifyReply {
  const mediaType = route.mediaType ?? 'text/plain; charset=utf-8'
  const mayHaveStyle = mediaType.startsWith('text/html') || mediaType === 'image/svg+xml'
  const style = mayHaveStyle ? /<style>(.*?)<\/style>/s.exec(text)?.[1] : undefined
  if (style !== undefined) {
    const hash = createHash('sha256').update(style).digest('base64')
    reply.header(
      'content-security-policy',
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
  }
  return reply.code(route.status).type(mediaType).send(text)
}

async function answerOther(
  { id, route }: Served,
  request: FastifyRequest,
  reply: FastifyReply,
  call: Call<Route>,
  answer: unknown,
  frame: RouteFrame,
): Promise<FastifyReply | undefined> {
  if (route.kind === 'text') return answerText(route, reply, String(answer))
  const failed = (error: unknown) => {
    const failure = failureOf(error, request.id)
    logFailure(frame.deps.log, failure, { requestId: request.id, route: id })
    return failure
  }
  const upgrade = route.kind === 'duplex' ? upgradeOf(request) : undefined
  reply.hijack()
  // Headers that hooks have set (request id, security) belong to streams too.
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined && !reply.raw.headersSent) reply.raw.setHeader(name, value)
  }
  if (route.kind === 'events')
    await sendEvents(reply.raw, answer as AsyncIterable<StreamEvent<unknown>>, call.signal, failed)
  else if (route.kind === 'lines')
    await sendLines(reply.raw, answer as AsyncIterable<unknown>, call.signal, failed)
  else if (upgrade) await joinDuplex(upgrade.socket, upgrade.head, answer as Duplex, call.signal)
  return undefined
}
