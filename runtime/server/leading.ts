import { MaruError } from '#contract/errors.ts'
import type { Log } from '#runtime/kit/log.ts'
import { pause } from '#runtime/kit/pause.ts'
import { isConnectionError } from './database-errors.ts'
import type { Presence } from './presence.ts'
import type { Loop } from './start.ts'

type Start = () => Promise<Loop> | Loop

/** How often it looks whether it leads. */
const LOOK_MS = 200
const RETRY_MS = 1_000

/**
 * Runs the loops that must run once in the installation: here, for as long as this process leads. When it resolves, they
 * run, or another process leads. Each is kept by itself: one that takes long to end keeps no other from beginning again.
 */
export async function runWhileLeading(
  presence: Pick<Presence, 'leads'>,
  starts: readonly Start[],
  log: Log,
): Promise<Loop> {
  const stopping = new AbortController()
  const { signal } = stopping
  const kept = [telling(signal, log), ...starts].map((start) => {
    const first = Promise.withResolvers<void>()
    return { first: first.promise, running: keep(presence, start, signal, first.resolve, log) }
  })
  const running = Promise.all(kept.map((one) => one.running)).catch((error: unknown) => {
    stopping.abort()
    throw error
  })
  await Promise.race([Promise.all(kept.map(({ first }) => first)), running])
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Says in the log since when this process leads, and when it does not any more. */
const telling =
  (signal: AbortSignal, log: Log): Start =>
  () => {
    log.info('leading.begun')
    return {
      stop: async () => {
        if (!signal.aborted) log.warn('leading.ends')
      },
    }
  }

async function keep(
  presence: Pick<Presence, 'leads'>,
  start: Start,
  signal: AbortSignal,
  looked: () => void,
  log: Log,
): Promise<void> {
  let loop: Loop | undefined
  let doubts = 0
  while (!signal.aborted) {
    doubts = presence.leads() ? 0 : doubts + 1
    if (doubts === 0 && loop === undefined) {
      loop = await begin(start, log)
      if (loop === undefined) await pause(RETRY_MS, signal)
    } else if (doubts > 1 && loop !== undefined) {
      // Looked at twice: a sign of life may have arrived while a busy process had no time to read it.
      await loop.stop()
      loop = undefined
    }
    looked()
    await pause(LOOK_MS, signal)
  }
  await loop?.stop()
}

/** Undefined when it could not start because the database is away. */
async function begin(start: Start, log: Log): Promise<Loop | undefined> {
  try {
    return await start()
  } catch (error) {
    if (!isAway(error)) throw error
    log.warn('leading.not_begun', { error })
    return undefined
  }
}

const isAway = (error: unknown) =>
  error instanceof MaruError ? error.code === 'database_unavailable' : isConnectionError(error)
