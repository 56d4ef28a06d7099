import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { addressOf, HOME } from './harness.ts'

/** The installation's root certificate: the only one that the tests trust. */
export const ROOT_CERTIFICATE = readFileSync(join(HOME, 'pki/root.crt'), 'utf8')

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Ask {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly agent?: Agent
  readonly timeoutMs?: number
  /** Sent and verified instead of the app's own host name. */
  readonly host?: string
  /** Address of this machine that it is sent from: each of 127.0.0.0/8 is somebody else. */
  readonly from?: string
}

/** Asks an app (or, without one, the platform) over HTTPS; its certificate must be the installation's. */
export function ask(app: string | undefined, options: Ask = {}): Promise<Answer> {
  const address = new URL(addressOf(app))
  const host = options.host ?? address.hostname
  return new Promise((resolve, reject) => {
    const asked = request({
      host: '127.0.0.1',
      localAddress: options.from,
      port: address.port || 443,
      servername: host,
      ca: ROOT_CERTIFICATE,
      method: options.method ?? 'GET',
      path: options.path ?? '/',
      headers: { host: address.port ? `${host}:${address.port}` : host, ...options.headers },
      timeout: options.timeoutMs ?? 15_000,
      agent: options.agent ?? new Agent({ keepAlive: false, ca: ROOT_CERTIFICATE }),
    })
    asked.on('timeout', () => asked.destroy(new Error(`${host} did not answer in time`)))
    asked.on('error', reject)
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      )
    })
    asked.end(options.body)
  })
}

export interface Load {
  /** Ends the load; the figures of the whole time. */
  stop(): Promise<{ requests: number; failures: string[] }>
}

/** Asks an app over kept connections, as fast as it answers, until stopped. Anything but 200 is a failure. */
export function startLoad(app: string, connections: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, ca: ROOT_CERTIFICATE })
  const failures: string[] = []
  let requests = 0
  let running = true
  const worker = async () => {
    while (running) {
      requests += 1
      try {
        const { status, body } = await ask(app, { agent })
        if (status !== 200) failures.push(`${status}: ${body.slice(0, 100)}`)
      } catch (error) {
        failures.push(String(error))
      }
    }
  }
  const workers = Array.from({ length: connections }, worker)
  return {
    stop: async () => {
      running = false
      await Promise.all(workers)
      agent.destroy()
      return { requests, failures }
    },
  }
}
