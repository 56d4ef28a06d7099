import { lookup as systemLookup } from 'node:dns'
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MaruError } from '#contract/errors.ts'

/** Where the API is: a unix socket on this host, or an address with what is needed to trust it and be known there. */
export type Endpoint =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'https'
      readonly url: string
      /** Root certificate to trust instead of the system's; null: the system's. */
      readonly ca: string | null
      readonly token?: string
      /** Where to connect to instead of asking what the name's address is. */
      readonly address?: string
      /** Only to fetch a certificate that is then checked against a fingerprint. */
      readonly unverified?: boolean
    }

export interface TransportRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Readable
  /** Gives up after so long without a byte in either direction; 0: never. */
  readonly idleMs: number
  readonly signal?: AbortSignal | undefined
}

/** Sends requests to one endpoint; connections are kept for the next request. */
export interface Transport {
  request(request: TransportRequest): Promise<IncomingMessage>
  /** Asks for an HTTP upgrade: the joined byte stream, or the response when it was refused. */
  upgrade(
    request: TransportRequest,
  ): Promise<{ readonly stream: Duplex } | { readonly refused: IncomingMessage }>
  /** The bytes of a response; a connection lost on the way is `unreachable`. Leaving the loop closes the connection. */
  read(response: IncomingMessage): AsyncGenerator<Buffer>
  close(): void
}

/** How the endpoint is called in messages. */
export const nameOf = (endpoint: Endpoint): string =>
  endpoint.kind === 'socket' ? `The control plane on this host (${endpoint.path})` : `Maru at ${endpoint.url}`

const isLocalhost = (host: string) => host === 'localhost' || host.endsWith('.localhost')

// RFC 6761: these names mean this machine, whatever a resolver says or fails to say.
const lookup: LookupFunction = (host, options, callback) => {
  if (!isLocalhost(host)) return systemLookup(host, options, callback)
  if (options.all) return callback(null, [{ address: '127.0.0.1', family: 4 }])
  callback(null, '127.0.0.1', 4)
}

const TRUST_FAILURE = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS|ERR_SSL/

function toFailure(error: unknown, endpoint: Endpoint): unknown {
  if (error instanceof MaruError || !(error instanceof Error) || error.name === 'AbortError') return error
  const code = String((error as NodeJS.ErrnoException).code ?? '')
  if (endpoint.kind === 'https' && TRUST_FAILURE.test(code))
    // Node adds advice about its own flags after a semicolon.
    return new MaruError(
      'cli.untrusted',
      { url: endpoint.url, reason: error.message.replace(/;.*$/s, '') },
      { cause: error },
    )
  return new MaruError('unreachable', { what: nameOf(endpoint) }, { cause: error })
}

function connectionOptions(endpoint: Endpoint) {
  if (endpoint.kind === 'socket')
    return { agent: new HttpAgent({ keepAlive: true }), socketPath: endpoint.path, host: 'localhost' }
  const url = new URL(endpoint.url)
  return {
    agent: new HttpsAgent({ keepAlive: true }),
    host: endpoint.address ?? url.hostname,
    servername: url.hostname,
    port: url.port === '' ? 443 : Number(url.port),
    lookup,
    ...(endpoint.ca === null ? {} : { ca: endpoint.ca }),
    ...(endpoint.unverified ? { rejectUnauthorized: false } : {}),
  }
}

function headersOf(endpoint: Endpoint): Record<string, string> {
  if (endpoint.kind === 'socket') return {}
  const { token, address, url } = endpoint
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(address === undefined ? {} : { host: new URL(url).host }),
  }
}

/** Sends the body; a failure to send no longer matters where the answer is already there, such as an early refusal. */
function sendBody(
  body: string | Readable | undefined,
  outgoing: ClientRequest,
  failed: (error: unknown) => void,
): void {
  if (body === undefined || typeof body === 'string') return void outgoing.end(body)
  // A source that can't be read is told as it is, not as the broken connection that it leaves behind.
  body.once('error', failed)
  pipeline(body, outgoing).catch(failed)
}

/** Opens a transport; nothing is sent before the first request. */
export function makeTransport(endpoint: Endpoint): Transport {
  const options = connectionOptions(endpoint)
  const send = endpoint.kind === 'socket' ? httpRequest : httpsRequest
  const fixed = headersOf(endpoint)
  const start = (request: TransportRequest, isUpgrade = false): ClientRequest => {
    // A kept connection may be closing just now; what can't be sent twice gets one of its own.
    const needsFresh = isUpgrade || typeof request.body === 'object'
    const outgoing = send({
      ...options,
      ...(needsFresh ? { agent: false } : {}),
      method: request.method,
      path: request.path,
      headers: { ...fixed, ...request.headers },
      signal: request.signal,
    })
    const seconds = request.idleMs / 1000
    outgoing.setTimeout(request.idleMs, () => outgoing.destroy(new Error(`no answer in ${seconds} s`)))
    return outgoing
  }
  return {
    request: (request) =>
      new Promise((resolve, reject) => {
        const outgoing = start(request)
        outgoing.once('response', resolve)
        outgoing.on('error', (error) => reject(toFailure(error, endpoint)))
        sendBody(request.body, outgoing, reject)
      }),
    upgrade: (request) =>
      new Promise((resolve, reject) => {
        const outgoing = start(request, true)
        outgoing.once('response', (refused) => resolve({ refused }))
        outgoing.on('error', (error) => reject(toFailure(error, endpoint)))
        outgoing.once('upgrade', (_response, socket, head) => {
          socket.setTimeout(0)
          if (head.length > 0) socket.unshift(head)
          resolve({ stream: socket })
        })
        outgoing.end()
      }),
    async *read(response) {
      try {
        for await (const chunk of response) yield chunk
      } catch (error) {
        throw toFailure(error, endpoint)
      }
    },
    close: () => options.agent.destroy(),
  }
}
