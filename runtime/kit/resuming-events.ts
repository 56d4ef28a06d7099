import { ErrorBody, MaruError } from '#contract/errors.ts'
import { pause } from './pause.ts'
import { isPassing, pauseMs } from './retry.ts'
import { readServerEvents } from './server-events.ts'

/** A connection that lasted this long was a working one, however quiet. */
const STEADY_MS = 5000

export interface ResumeOptions {
  readonly isLast: (event: unknown) => boolean
  /** How long to go on trying after the last sign of life. */
  readonly forMs: number
  readonly signal?: AbortSignal | undefined
  /** Name of the other side, for the error. */
  readonly what: string
  onLost(text: string): void
}

/**
 * Events of a stream until the last one, whatever happens to the connection: after a loss it connects again and
 * asks for what follows the last event seen. The server ends a stream early when it restarts, so an end before
 * the last event is a loss too.
 */
export async function* resumingEvents(
  connect: (lastId: string) => Promise<AsyncIterable<Uint8Array>>,
  options: ResumeOptions,
): AsyncGenerator<unknown> {
  let lastId = ''
  let aliveAt = Date.now()
  let attempt = 0
  let cause: unknown
  for (;;) {
    let connectedAt = Number.POSITIVE_INFINITY
    try {
      const chunks = await connect(lastId)
      connectedAt = Date.now()
      for await (const event of readServerEvents(chunks)) {
        const data: unknown = JSON.parse(event.data)
        if (event.name === 'error') throw MaruError.fromBody(ErrorBody.parse(data))
        lastId = event.id
        aliveAt = Date.now()
        attempt = 0
        yield data
        if (options.isLast(data)) return
      }
    } catch (error) {
      if (!isPassing(error)) throw error
      cause = error
    }
    options.signal?.throwIfAborted()
    if (Date.now() - connectedAt > STEADY_MS) aliveAt = Date.now()
    if (Date.now() - aliveAt > options.forMs)
      throw new MaruError('unreachable', { what: options.what }, { cause })
    if (attempt === 1) options.onLost('The connection was lost; trying to resume …')
    await pause(pauseMs(attempt), options.signal)
    options.signal?.throwIfAborted()
    attempt += 1
  }
}
