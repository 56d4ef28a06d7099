import { createHash, type X509Certificate } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'

const TIMEOUT_MS = 5_000

/** Where to knock, and with what. */
export interface TlsProbe {
  readonly host: string
  readonly port: number
  /** The name that is asked for and that the certificate must have. */
  readonly name: string
  /** The only root that is believed (PEM). */
  readonly ca: string
  readonly minVersion?: SecureVersion
  readonly maxVersion?: SecureVersion
  /** OpenSSL's list for TLS 1.2 and below. */
  readonly ciphers?: string
  /** A certificate to show (PEM), where the other side asks for one. */
  readonly cert?: string
  readonly key?: string
  readonly signal?: AbortSignal
}

/**
 * How a handshake ended. `refused` means that the other side was there and said no (a TLS alert); whoever is not there, or
 * shows a wrong certificate, is an error with its code.
 */
export type Handshake =
  | { readonly end: 'agreed'; readonly protocol: string; readonly cipher: string; readonly validTo: Date }
  | { readonly end: 'refused'; readonly alert: string }
  | { readonly end: 'error'; readonly code: string }

/** Tries one handshake. The certificate's chain and name are verified. */
export function tryHandshake(probe: TlsProbe): Promise<Handshake> {
  const { name, signal, ...how } = probe
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ ...how, servername: name })
    const end = (handshake: Handshake) => {
      socket.destroy()
      resolve(handshake)
    }
    socket.setTimeout(TIMEOUT_MS, () => end({ end: 'error', code: 'ETIMEDOUT' }))
    signal?.addEventListener('abort', () => end({ end: 'error', code: 'ABORTED' }), { once: true })
    socket.once('error', (error: NodeJS.ErrnoException) => end(endOf(error.code ?? error.name)))
    socket.once('secureConnect', () =>
      end({
        end: 'agreed',
        protocol: socket.getProtocol() ?? '',
        cipher: socket.getCipher().standardName,
        validTo: new Date(socket.getPeerCertificate().valid_to),
      }),
    )
  })
}

/** SHA-256 of a certificate's public key (hex): what a host is known by. */
export const publicKeyHash = ({ publicKey }: X509Certificate): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')

/**
 * The public key that a server has (SHA-256 of it, hex), whoever signed its certificate: the handshake proves that it
 * has the private half. Fails with the error's code when nobody is there.
 */
export function keyHashAt(target: {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
}): Promise<string> {
  const { timeoutMs, ...where } = target
  return new Promise((resolve, reject) => {
    const socket = connect({ ...where, rejectUnauthorized: false })
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    // Not the socket's own time: it would count anew with each packet.
    const timer = setTimeout(
      () => fail(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
      timeoutMs,
    )
    socket.once('close', () => clearTimeout(timer))
    socket.once('error', fail)
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate()
      socket.destroy()
      if (shown === undefined) reject(new Error('it shows no certificate'))
      else resolve(publicKeyHash(shown))
    })
  })
}

const endOf = (code: string): Handshake =>
  /_ALERT_/.test(code) ? { end: 'refused', alert: code } : { end: 'error', code }

/** A short question over HTTP or HTTPS. */
export interface HttpProbe {
  readonly host: string
  readonly port: number
  /** Sent as Host and, with `tls`, as the name that is asked for. */
  readonly name: string
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** The root that is believed; without it the question is asked over plain HTTP. */
  readonly tls?: { readonly ca: string }
  readonly signal?: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** Asks and gives status and headers; the body is thrown away. No answer is an error with its code. */
export function askHttp(probe: HttpProbe): Promise<HttpAnswer> {
  const { host, port, name, method = 'GET', path, headers, tls, signal } = probe
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port,
      method,
      path,
      headers: { ...headers, host: name },
      timeout: TIMEOUT_MS,
      agent: false as const,
      ...(signal === undefined ? {} : { signal }),
    }
    const call = tls ? httpsRequest({ ...options, ...tls, servername: name }) : httpRequest(options)
    call.on('timeout', () => call.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })))
    call.on('error', reject)
    call.on('response', (response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0, headers: response.headers })
      response.on('end', () => call.destroy())
    })
    call.end()
  })
}
