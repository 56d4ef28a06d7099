import { isLastEvent, type OperationEvent } from '#contract/operations.ts'
import type { ServerDeps, StreamEvent } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { channelOf, listEvents } from './event-store.ts'
import { findProgress } from './store.ts'

const PAGE = 500
/** A notification can be lost with the connection that carried it; looking now and then makes up for it. */
const LOOK_AGAIN_MS = 5_000

/** The events of an operation after a number: first those that are there, then each as it comes, until the last. */
export async function* followEvents(
  deps: Pick<ServerDeps, 'db' | 'hub'>,
  operationId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent<OperationEvent>> {
  // The bell is made before the first look, so that an event between look and wait is not slept through.
  const bell = deps.hub.bell(channelOf(operationId))
  let last = after
  try {
    while (!signal.aborted) {
      const page = await read(() => listEvents(deps.db, operationId, last, PAGE))
      for (const { number, event } of page) {
        last = number
        yield { id: number, data: event }
        if (isLastEvent(event)) return
      }
      if (page.length < PAGE && (await isOver(deps, operationId, last))) return
      if (page.length < PAGE) await bell.wait(LOOK_AGAIN_MS, signal)
    }
  } finally {
    bell.close()
  }
}

/** Someone who already has the last event, or asks for a later one, gets an end instead of silence. */
async function isOver(deps: Pick<ServerDeps, 'db'>, operationId: string, last: number): Promise<boolean> {
  const progress = await read(() => findProgress(deps.db, operationId))
  if (progress === undefined) return true
  return progress.finished_at !== null && last >= progress.last_event
}
