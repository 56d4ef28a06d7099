import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { Load, LoadSeen } from '#runtime/drivers/https-load.ts'

/** Where requests go: the address in the URL, and the machine that is really asked. */
export interface SteadyTarget {
  readonly url: string
  /** An address of IPv4. */
  readonly address: string
}

/** Longer than it is ever asked; it is ended before. */
const AT_MOST_S = 3600
/** Who waits so long for an answer when all is over has been forgotten. The clock of the script knows whole seconds. */
const SILENT_S = 3
const [TELL_AGAIN_MS, GIVE_UP_MS] = [200, 10_000]

/** The host of the URL stays the name that is asked for in TLS. Each thread has one connection, so that one that hangs is seen. */
const scriptFor = (address: string) => `local threads = {}
wrk.resolve = function(_, service) wrk.addrs = wrk.lookup('${address}', service) end
function setup(thread) table.insert(threads, thread) end
function init() answered, refused, last = 0, 0, os.time() end
function response(status)
  answered, last = answered + 1, os.time()
  if status ~= 200 then refused = refused + 1 end
end
function done(summary, latency)
  local told = {}
  for at, one in ipairs(threads) do
    told[at] = string.format('{"answered":%d,"refused":%d,"silentS":%d}', one:get('answered'), one:get('refused'), os.time() - one:get('last'))
  end
  local e = summary.errors
  print(string.format('SEEN {"threads":[%s],"broken":%d,"late":%d,"slowestUs":%d}', table.concat(told, ','), e.connect + e.read + e.write, e.timeout, latency.max))
end
`

const Seen = z.strictObject({
  threads: z
    .array(z.strictObject({ answered: z.number(), refused: z.number(), silentS: z.number() }))
    .nonempty(),
  /** Connections that could not be made, or broke before the answer was whole. */
  broken: z.number(),
  /** Answers that took longer than the time limit. */
  late: z.number(),
  slowestUs: z.number(),
})

/**
 * Asks over TLS by wrk, which is lighter than a program of Node: thousands of requests a second leave most of the machine to who
 * answers. Each connection asks again as soon as it is answered, and is made anew where the server ends it. The certificate is
 * not looked at, and a request's time begins when its connection is there. `enter` are arguments that lead to where it runs.
 */
export async function startSteadyLoad(
  { url, address }: SteadyTarget,
  connections: number,
  folder: string,
  enter: readonly string[] = [],
): Promise<Pick<Load, 'stop'>> {
  const script = join(folder, `ask-at-${address}.lua`)
  await writeFile(script, scriptFor(address))
  const shape = ['--threads', String(connections), '--connections', String(connections)]
  const asks = [...shape, '--duration', `${AT_MOST_S}s`, '--timeout', '15s', '--script', script, url]
  const [program = 'wrk', ...argv] = [...enter, 'wrk', ...asks]
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  const printed = Promise.all([text(child.stdout), text(child.stderr)])
  let isOver = false
  const ended = once(child, 'close').finally(() => {
    isOver = true
  })
  ended.catch(leaveToStop)
  return {
    stop: async () => {
      const end = performance.now() + GIVE_UP_MS
      // While it starts it hears nothing.
      while (!isOver) {
        child.kill(performance.now() < end ? 'SIGINT' : 'SIGKILL')
        await Promise.race([ended, pause(TELL_AGAIN_MS)])
      }
      await ended
      return readSeen((await printed).join(''))
    },
  }
}

/** A program that could not start is met where the load is stopped. */
const leaveToStop = () => undefined

/** Reads what the script prints at the end. A request that was never answered is one that failed. */
export function readSeen(printed: string): LoadSeen {
  const line = /^SEEN (.*)$/m.exec(printed)?.[1]
  if (line === undefined) throw new Error(`wrk: ${printed}`)
  const { threads, broken, late, slowestUs } = Seen.parse(JSON.parse(line))
  const sum = (pick: (one: (typeof threads)[number]) => number) =>
    threads.reduce((total, one) => total + pick(one), 0)
  const forgotten = threads.filter(({ silentS }) => silentS >= SILENT_S)
  const counts = {
    broken,
    late,
    forgotten: forgotten.length,
    'answered with another status': sum(({ refused }) => refused),
  }
  const failures = Object.entries(counts).filter(([, count]) => count > 0)
  return {
    requests: sum(({ answered }) => answered) + broken + forgotten.length,
    failed: failures.reduce((total, [, count]) => total + count, 0),
    failures: failures.map(([what, count]) => `${count} ${what}`),
    slowestMs: Math.max(slowestUs / 1000, ...forgotten.map(({ silentS }) => silentS * 1000)),
  }
}
