import { stripVTControlCharacters } from 'node:util'
import { MaruError } from '#contract/errors.ts'
import type { OperationEvent } from '#contract/operations.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read, transactRepeatable } from '#runtime/server/transact.ts'
import { addEvents } from './event-store.ts'
import { findProgress } from './store.ts'
import type { Db } from './tables.ts'

/** What an operation keeps of the logs of builds, release commands and failing instances. */
export const LOG_LIMITS = {
  lines: 20_000,
  lineChars: 4_000,
  chars: 4_000_000,
  batch: 500,
  pauseMs: 100,
} as const

type LogEvent = Extract<OperationEvent, { type: 'log' }>

/** Takes log lines as fast as they come and stores them in batches. */
export interface LogLines {
  /** Resolves at once, or when the lines before are stored: await it, and a flood waits for the database. */
  add(source: LogEvent['source'], line: string): Promise<void>
  /** Stores what is left. */
  close(): Promise<void>
}

/**
 * Opens the log of an operation. A transaction for each line would make the database the slowest part of a build;
 * a batch waits at most a tenth of a second, which nobody notices.
 */
export async function openLogLines(deps: Pick<ServerDeps, 'db'>, operationId: string): Promise<LogLines> {
  const progress = await read(() => findProgress(deps.db, operationId))
  if (progress === undefined) throw new MaruError('operations.not_found', { operation: operationId })
  const admit = makeCap(progress.log_lines)
  let stored = progress.log_lines
  let waiting: LogEvent[] = []
  let storing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let failure: unknown

  const store = () => {
    clearTimeout(timer)
    timer = undefined
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    storing = storing
      .then(() => transactRepeatable(deps.db, (tx) => addOnce(tx, operationId, stored, batch)))
      .then(() => {
        stored += batch.length
      })
      .catch((error: unknown) => {
        failure ??= error
      })
  }
  const settle = async () => {
    await storing
    if (failure !== undefined) throw failure
  }
  return {
    async add(source, line) {
      const event = admit({ type: 'log', source, line: cleanLine(line) })
      if (event === undefined) return
      waiting.push(event)
      if (waiting.length >= LOG_LIMITS.batch) {
        store()
        await settle()
      } else timer ??= setTimeout(store, LOG_LIMITS.pauseMs)
    },
    async close() {
      store()
      await settle()
    },
  }
}

/** Adds a batch unless it is there already: an operation has one writer of log lines, who knows how many there were before. */
async function addOnce(tx: Db, operationId: string, before: number, batch: readonly LogEvent[]) {
  const progress = await findProgress(tx, operationId)
  if (progress?.log_lines === before) await addEvents(tx, operationId, batch)
}

/** Colours are of no use in a stored log. */
const cleanLine = (line: string): string => stripVTControlCharacters(line).slice(0, LOG_LIMITS.lineChars)

/** Admits lines up to the limit, then says once that lines are left out. */
export function makeCap(
  already: number,
  limit: number = LOG_LIMITS.lines,
  maxChars: number = LOG_LIMITS.chars,
) {
  let count = already
  let chars = 0
  return (event: LogEvent): LogEvent | undefined => {
    count += 1
    chars += event.line.length
    // Long lines fill a database as well as many do: from the first one over, the limit is reached.
    if (chars > maxChars && count <= limit) count = limit + 1
    if (count <= limit) return event
    return count === limit + 1 ? { ...event, line: '… lines left out' } : undefined
  }
}
