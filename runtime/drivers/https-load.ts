import { Agent, request } from 'node:https'

export interface LoadTarget {
  /** Machine that is asked. */
  readonly host: string
  readonly port: number
  /** Host name that is asked for; its certificate must be signed by `ca`. */
  readonly name: string
  readonly ca: string
  /** Asked anew for each request where it is a function. */
  readonly path?: string | (() => string)
  /** The own address that each request comes from; left out: the kernel's choice. */
  readonly source?: () => string
  /** Told of each request when it is over; the next one of that client waits for what it gives. */
  readonly onEnd?: (end: RequestEnd) => void | Promise<void>
}

/** A request that is over. Times are by the clock of `performance.now()`. */
export interface RequestEnd {
  readonly begunMs: number
  readonly endedMs: number
  /** What went wrong, in words; undefined: it was answered with 200 and whole. */
  readonly failure: string | undefined
  readonly body: string
}

export interface LoadShape {
  /** Connections that are kept for many requests. */
  readonly kept: number
  /** Clients that make a new connection for each request. */
  readonly fresh: number
}

/** What has come of a load so far. */
export interface LoadSeen {
  readonly requests: number
  /** The first failures in words; anything but status 200 is one. */
  readonly failures: readonly string[]
  readonly failed: number
  /** The longest time that a request took. */
  readonly slowestMs: number
}

export interface Load {
  seen(): LoadSeen
  /** Ends when the requests under way have ended. */
  stop(): Promise<LoadSeen>
}

const TIMEOUT_MS = 15_000
const TOLD = 20

/** Asks over TLS as fast as it is answered, until it is stopped. No request is ever sent twice. */
export function startHttpsLoad(target: LoadTarget, shape: LoadShape): Load {
  const common = { ca: target.ca, servername: target.name }
  const kept = new Agent({ ...common, keepAlive: true, maxSockets: shape.kept })
  const fresh = new Agent({ ...common, keepAlive: false })
  const failures: string[] = []
  const counts = { requests: 0, failed: 0, slowestMs: 0 }
  let running = true
  const seen = () => ({ ...counts, failures: [...failures] })
  const client = async (agent: Agent) => {
    while (running) {
      const since = performance.now()
      const { failure, body } = await askOnce(target, agent)
      const endedMs = performance.now()
      counts.requests += 1
      counts.slowestMs = Math.max(counts.slowestMs, endedMs - since)
      if (failure !== undefined) {
        counts.failed += 1
        if (failures.length < TOLD) failures.push(failure)
      }
      await target.onEnd?.({ begunMs: since, endedMs, failure, body })
    }
  }
  const clients = [
    ...Array.from({ length: shape.kept }, () => client(kept)),
    ...Array.from({ length: shape.fresh }, () => client(fresh)),
  ]
  return {
    seen,
    stop: async () => {
      running = false
      await Promise.all(clients)
      kept.destroy()
      fresh.destroy()
      return seen()
    },
  }
}

/** One request; gives what went wrong, undefined when it was answered with 200 and whole. */
function askOnce(target: LoadTarget, agent: Agent): Promise<Pick<RequestEnd, 'failure' | 'body'>> {
  const { host, port, name } = target
  const path = typeof target.path === 'function' ? target.path() : (target.path ?? '/')
  const readsBody = target.onEnd !== undefined
  return new Promise((resolve) => {
    const end = (failure: string | undefined, body = '') => resolve({ failure, body })
    const failed = (error: Error) => end(error.message)
    const asked = request({
      ...{ host, port, path, agent, headers: { host: name }, timeout: TIMEOUT_MS },
      ...(target.source && { localAddress: target.source() }),
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    asked.on('error', failed)
    asked.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('error', failed)
      response.on('data', (part: Buffer) => readsBody && parts.push(part))
      response.on('end', () => {
        if (response.statusCode !== 200) return end(`status ${response.statusCode}`)
        end(undefined, Buffer.concat(parts).toString())
      })
    })
    asked.end()
  })
}
