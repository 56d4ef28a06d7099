import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type Duplex, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { z } from 'zod'
import { ErrorBody, MaruError, parseWith } from '#contract/errors.ts'
import { AGENT_PORT, certificateNameOf, type HostAddress, nextNameOf } from '#contract/host-identity.ts'
import type { HostName } from '#contract/ids.ts'
import { publicKeyHash } from './tls-probe.ts'

/** How an agent is reached, and what it means when it is not. */
export interface AgentWay {
  readonly send: typeof httpRequest
  readonly options: RequestOptions
  readonly failure: (cause: unknown) => MaruError
}

/** Found anew for each request: a host's address and key are read where they are kept. */
export type FindWay = () => Promise<AgentWay>

const away = (cause: unknown) =>
  cause instanceof MaruError ? cause : new MaruError('unreachable', { what: "The host's agent" }, { cause })

/** The agent on this host, by its unix socket. */
export const socketWay =
  (socketPath: string): FindWay =>
  async () => ({ send: httpRequest, options: { socketPath }, failure: away })

/** Where a joined host is, and what it is known by. */
export interface JoinedHost {
  readonly host: HostName
  readonly address: HostAddress
  /** Where tests have it elsewhere. */
  readonly port?: number
  /** SHA-256 of its public key (hex). */
  readonly keyHash: string
  /** The same of the one that takes its place, from when it was named until it has answered. */
  readonly nextKeyHash?: string | null
}

/** What the control plane shows to agents, and believes (PEM). */
export interface ControlCertificate {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** What we did not believe; an alert is what the other side did not. */
const TRUST_FAILURE = /^(?!.*_ALERT_).*(CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ERR_TLS)/

/**
 * The agent of a joined host. It must show a certificate of the installation with the host's name and with a key that is known
 * to be the host's: a machine that was removed has a good certificate for a while, but no such key.
 */
export const tlsWay = (to: JoinedHost, control: ControlCertificate): AgentWay =>
  pinnedWay(to, control, [to.keyHash, to.nextKeyHash ?? ''], certificateNameOf(to.host))

/** The same agent, asked to answer with its next key: no other is believed. */
export const nextKeyWay = (to: JoinedHost, control: ControlCertificate): AgentWay =>
  pinnedWay(to, control, [to.nextKeyHash ?? ''], nextNameOf(to.host))

function pinnedWay(
  to: JoinedHost,
  control: ControlCertificate,
  keyHashes: readonly string[],
  servername: string,
): AgentWay {
  const notItself = (reason: string, cause?: unknown) =>
    new MaruError('hosts.not_itself', { host: to.host, address: to.address, reason }, { cause })
  return {
    send: httpsRequest as typeof httpRequest,
    options: {
      ...connectTo(to, control),
      servername,
      checkServerIdentity: (_asked: string, certificate: PeerCertificate) =>
        checkServerIdentity(certificateNameOf(to.host), certificate) ??
        (keyHashes.includes(keyHashOf(certificate.raw)) ? undefined : notItself('it has another key')),
    } as RequestOptions,
    failure: (cause) => {
      const { code = '', message = '' } = (cause ?? {}) as NodeJS.ErrnoException
      return TRUST_FAILURE.test(code) ? notItself(message.replace(/;.*$/s, ''), cause) : away(cause)
    },
  }
}

/**
 * The same for a host whose certificate has ended: whoever answers is not believed. Good only for what proves itself,
 * such as a certificate request that its own key has signed.
 */
export const unverifiedWay = (to: JoinedHost, control: ControlCertificate): AgentWay => ({
  send: httpsRequest as typeof httpRequest,
  options: { ...connectTo(to, control), rejectUnauthorized: false } as RequestOptions,
  failure: away,
})

const connectTo = ({ host, address, port = AGENT_PORT }: JoinedHost, control: ControlCertificate) => ({
  ...control,
  host: address,
  port,
  servername: certificateNameOf(host),
  minVersion: 'TLSv1.3' as const,
})

const keyHashOf = (der: Buffer): string => publicKeyHash(new X509Certificate(der))

/** Sends a request; gives the answer's stream, or the error that the agent named. */
export async function exchange(
  find: FindWay,
  options: RequestOptions,
  body?: object | Readable,
): Promise<IncomingMessage> {
  const way = await find()
  const request = way.send({ agent: false, ...way.options, ...options })
  request.on('timeout', () => request.destroy(new Error('no answer in time')))
  if (body instanceof Readable) {
    // An answer may come before all of it was taken; what went wrong then is in the answer.
    pipeline(body, request).catch((error: Error) => request.destroy(error))
  } else {
    if (body !== undefined) request.setHeader('content-type', 'application/json')
    request.end(body === undefined ? undefined : JSON.stringify(body))
  }
  const response = await responseOf(request, way)
  if (response.statusCode === 200) return response
  const answer = ErrorBody.safeParse(JSON.parse(await textOf(response)))
  throw answer.success ? MaruError.fromBody(answer.data) : away(new Error(`status ${response.statusCode}`))
}

/** A request whose answer is one JSON value. */
export async function exchangeJson<T extends z.ZodType>(
  find: FindWay,
  schema: T,
  options: RequestOptions,
  body?: object | Readable,
): Promise<z.infer<T>> {
  return parseWith(schema, JSON.parse(await textOf(await exchange(find, options, body))), 'agent')
}

async function responseOf(
  request: ReturnType<typeof httpRequest>,
  { failure }: AgentWay,
): Promise<IncomingMessage> {
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    // Later failures reach the reader through the answer's stream.
    request.on('error', () => {})
    return response
  } catch (error) {
    throw failure(error)
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

/** A failure in the middle of an answer. */
export const broken = away

/** Asks for an upgrade to a byte stream. */
export async function upgrade(find: FindWay, options: RequestOptions): Promise<Duplex> {
  const way = await find()
  return await new Promise((resolve, reject) => {
    const headers = { connection: 'Upgrade', upgrade: 'maru-stream' }
    const request = way.send({ agent: false, ...way.options, ...options, headers })
    request.on('upgrade', (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve(socket)
    })
    request.on('response', (response) => reject(away(new Error(`status ${response.statusCode}`))))
    request.on('error', (error) => reject(way.failure(error)))
    request.end()
  })
}
