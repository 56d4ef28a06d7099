import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ErrorBody, MaruError } from '#contract/errors.ts'
import type { Route } from '#contract/route.ts'
import { resumingEvents } from '#runtime/kit/resuming-events.ts'
import { retrying } from '#runtime/kit/retry.ts'
import { type RawRequest, renderRequest } from '#runtime/kit/route-request.ts'
import { textLines } from '#runtime/kit/text-lines.ts'
import type { Client } from './client.ts'
import { type Endpoint, makeTransport, nameOf, type Transport, type TransportRequest } from './transport.ts'

/** How patient the client is. Tests are less patient than people. */
export interface Patience {
  /** An answer must begin within this. */
  readonly answerMs: number
  /** How long reads and idempotent calls are tried again. */
  readonly retryMs: number
  /** How long a lost event stream is resumed. */
  readonly resumeMs: number
  /** The server sends a heartbeat every 15 s: silence for longer means that the connection is dead. */
  readonly silenceMs: number
}

const PATIENCE: Patience = { answerMs: 60_000, retryMs: 8000, resumeMs: 60_000, silenceMs: 45_000 }

export interface ClientOptions {
  readonly patience?: Partial<Patience>
  /** Told when something is tried again, at most once for each request. */
  onTrouble?(text: string): void
}

interface Request extends RawRequest {
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal | undefined
}

const isSuccess = (response: IncomingMessage) => Math.floor((response.statusCode ?? 0) / 100) === 2

/** Turns an answer that is not a success into the server's own error. */
async function toError(response: IncomingMessage, endpoint: Endpoint): Promise<MaruError> {
  const body = await text(response).catch(() => '')
  try {
    return MaruError.fromBody(ErrorBody.parse(JSON.parse(body)))
  } catch (cause) {
    // Not the control plane: the edge or a proxy in between answered in its place.
    const status = response.statusCode ?? 0
    const error = new Error(`HTTP ${status}: ${body.slice(0, 200)}`, { cause })
    if (status < 500)
      return new MaruError('cli.not_maru', { what: nameOf(endpoint), status }, { cause: error })
    return new MaruError('unreachable', { what: nameOf(endpoint) }, { cause: error })
  }
}

/** One endpoint with everything that its requests share. */
interface Connection {
  readonly endpoint: Endpoint
  readonly transport: Transport
  readonly patience: Patience
  readonly onTrouble: (text: string) => void
}

async function open({ transport, endpoint }: Connection, request: TransportRequest) {
  const response = await transport.request(request)
  if (!isSuccess(response)) throw await toError(response, endpoint)
  return response
}

function headersOf(route: Route, request: Request, body: string | undefined): Record<string, string> {
  const type = route.upload?.type ?? (body === undefined ? undefined : 'application/json')
  return {
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(route.idempotent ? { 'idempotency-key': request.idempotencyKey ?? randomUUID() } : {}),
  }
}

function prepare(route: Route, request: Request, idleMs: number): TransportRequest {
  const { method, path, body } = renderRequest(route, request)
  const headers = headersOf(route, request, body)
  return { method, path, body: body ?? '', headers, idleMs, signal: request.signal }
}

function oneNote({ onTrouble }: Connection): (error: MaruError) => void {
  let told = false
  return (error) => {
    if (!told) onTrouble(`${error.message} Trying again …`)
    told = true
  }
}

async function call(connection: Connection, route: Route, request: Request): Promise<unknown> {
  const prepared = prepare(route, request, connection.patience.answerMs)
  const once = async () => {
    const response = await open(connection, prepared)
    const body = Buffer.concat(await Array.fromAsync(connection.transport.read(response))).toString()
    return route.kind === 'text' ? body : JSON.parse(body)
  }
  const isRepeatable = route.method === 'GET' || route.idempotent === true
  return retrying(once, {
    forMs: isRepeatable ? connection.patience.retryMs : 0,
    signal: request.signal,
    onRetry: oneNote(connection),
  })
}

async function* lines(connection: Connection, route: Route, request: Request): AsyncGenerator<unknown> {
  // A quiet log is not a dead one: no limit on silence.
  const prepared = prepare(route, request, 0)
  const response = await retrying(() => open(connection, prepared), {
    forMs: connection.patience.retryMs,
    onRetry: oneNote(connection),
  })
  for await (const line of textLines(connection.transport.read(response))) {
    if (line === '') continue
    const value: unknown = JSON.parse(line)
    const failure = ErrorBody.safeParse(value)
    if (failure.success) throw MaruError.fromBody(failure.data)
    yield value
  }
}

function events(
  connection: Connection,
  route: Route,
  request: Request,
  isLast: (event: unknown) => boolean,
): AsyncGenerator<unknown> {
  const prepared = prepare(route, request, connection.patience.silenceMs)
  const connect = async (lastId: string) => {
    const headers = { ...prepared.headers, accept: 'text/event-stream' }
    const resumed = lastId === '' ? headers : { ...headers, 'last-event-id': lastId }
    return connection.transport.read(await open(connection, { ...prepared, headers: resumed }))
  }
  return resumingEvents(connect, {
    isLast,
    forMs: connection.patience.resumeMs,
    signal: request.signal,
    what: nameOf(connection.endpoint),
    onLost: connection.onTrouble,
  })
}

async function upload(connection: Connection, route: Route, request: Request, body: Readable) {
  const prepared = prepare(route, request, connection.patience.answerMs)
  return JSON.parse(await text(await open(connection, { ...prepared, body })))
}

async function duplex(connection: Connection, route: Route, request: Request): Promise<Duplex> {
  const headers = { connection: 'Upgrade', upgrade: 'maru-stream' }
  const prepared = { ...prepare(route, request, connection.patience.answerMs), headers }
  const joined = await connection.transport.upgrade(prepared)
  if ('refused' in joined) throw await toError(joined.refused, connection.endpoint)
  return joined.stream
}

/** Makes the client of one endpoint; see Client for what each function promises. */
export function makeClient(endpoint: Endpoint, options: ClientOptions = {}): Client {
  const connection: Connection = {
    endpoint,
    transport: makeTransport(endpoint),
    patience: { ...PATIENCE, ...options.patience },
    onTrouble: options.onTrouble ?? (() => {}),
  }
  const client = {
    endpoint,
    call: call.bind(null, connection),
    lines: lines.bind(null, connection),
    events: events.bind(null, connection),
    upload: upload.bind(null, connection),
    duplex: duplex.bind(null, connection),
    close: connection.transport.close,
  }
  // Each function takes any route; the types that tie a request to its route are those of Client.
  return client as Client
}
