import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Load, LoadSeen } from '#runtime/drivers/https-load.ts'

/** Where requests go: the address in the URL, and the machine that is really asked. */
export interface SteadyTarget {
  readonly url: string
  /** An address of IPv4. */
  readonly address: string
}

/** Longer than it is ever asked; it is ended before. */
const AT_MOST_S = 3600
/** The host of the URL stays the name that is asked for in TLS. */
const askAt = (address: string) => `wrk.resolve = function(_, service)
  wrk.addrs = wrk.lookup('${address}', service)
end
`

/**
 * Asks over TLS by wrk, which is lighter than a program of Node: thousands of requests a second leave most of the machine to who
 * answers. Each connection asks again as soon as it is answered, and is made anew where the server ends it.
 */
export async function startSteadyLoad(
  { url, address }: SteadyTarget,
  connections: number,
  folder: string,
): Promise<Pick<Load, 'stop'>> {
  const script = join(folder, 'ask-at.lua')
  await writeFile(script, askAt(address))
  const shape = ['--threads', '1', '--connections', String(connections), '--duration', `${AT_MOST_S}s`]
  const child = spawn('wrk', [...shape, '--timeout', '15s', '--script', script, url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed = Promise.all([text(child.stdout), text(child.stderr)])
  const ended = once(child, 'close')
  return {
    stop: async () => {
      child.kill('SIGINT')
      await ended
      const [out, errors] = await printed
      return readSummary(out, errors)
    },
  }
}

const MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }
const SOCKET = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/
const STATUS = /Non-2xx or 3xx responses: (\d+)/
const SLOWEST = /^ *Latency +\S+ +\S+ +([\d.]+)(us|ms|s|m) /m

/** Reads what wrk prints at its end. A request that was never answered is one that failed. */
export function readSummary(printed: string, errors = ''): LoadSeen {
  const answered = /(\d+) requests in /.exec(printed)?.[1]
  const [, slowest, unit = ''] = SLOWEST.exec(printed) ?? []
  if (answered === undefined || slowest === undefined) throw new Error(`wrk: ${printed}${errors}`)
  const sockets = SOCKET.exec(printed)
  const broken = (sockets?.slice(1) ?? []).reduce((sum, count) => sum + Number(count), 0)
  const refused = STATUS.exec(printed)
  return {
    requests: Number(answered) + broken,
    failed: broken + Number(refused?.[1] ?? 0),
    failures: [sockets, refused].flatMap((found) => found?.[0] ?? []),
    slowestMs: Number(slowest) * (MS[unit] ?? Number.NaN),
  }
}
