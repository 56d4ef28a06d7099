import { MaruError } from '#contract/errors.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import { isConnectionError } from './database-errors.ts'
import type { Presence } from './presence.ts'
import type { Loop } from './start.ts'

/** How often it looks whether it leads. */
const LOOK_MS = 200
const RETRY_MS = 1_000

/**
 * Runs the loops that must run once in the installation: here, for as long as this process leads. When it resolves, they
 * run, or another process leads.
 */
export async function runWhileLeading(
  presence: Pick<Presence, 'leads'>,
  starts: ReadonlyArray<() => Promise<Loop> | Loop>,
  log: Log,
): Promise<Loop> {
  const stopping = new AbortController()
  const first = Promise.withResolvers<void>()
  const running = keep(presence, starts, stopping.signal, first.resolve, log)
  await Promise.race([first.promise, running])
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function keep(
  presence: Pick<Presence, 'leads'>,
  starts: ReadonlyArray<() => Promise<Loop> | Loop>,
  signal: AbortSignal,
  looked: () => void,
  log: Log,
): Promise<void> {
  let loops: Loop | undefined
  let doubts = 0
  while (!signal.aborted) {
    doubts = presence.leads() ? 0 : doubts + 1
    if (doubts === 0 && loops === undefined) {
      loops = await startAll(starts, log)
      if (loops === undefined) await pause(RETRY_MS, signal)
      else log.info('leading.begun')
    } else if (doubts > 1 && loops !== undefined) {
      // Looked at twice: a sign of life may have arrived while a busy process had no time to read it.
      log.warn('leading.ends')
      await loops.stop()
      loops = undefined
    }
    looked()
    await pause(LOOK_MS, signal)
  }
  await loops?.stop()
}

/** All of them or none: undefined when one could not start because the database is away. */
async function startAll(
  starts: ReadonlyArray<() => Promise<Loop> | Loop>,
  log: Log,
): Promise<Loop | undefined> {
  const begun = await Promise.allSettled(starts.map(async (start) => await start()))
  const loops = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async () => {
    await Promise.all(loops.map((loop) => loop.stop()))
  }
  const failures = begun.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (failures.length === 0) return { stop }
  await stop()
  for (const error of failures) if (!isAway(error)) throw error
  log.warn('leading.not_begun', { error: failures[0] })
  return undefined
}

const isAway = (error: unknown) =>
  error instanceof MaruError ? error.code === 'database_unavailable' : isConnectionError(error)
