import { LIVE_BEAT_S, type LiveEvent, type LiveTopic, liveRoutes } from '#contract/live.ts'
import { pause } from '#runtime/kit/pause.ts'
import { events } from '../api/api.ts'
import { noteServerTime, serverNow } from './server-clock.ts'

/** Silence after which what the page shows may be old. */
const SILENCE_MS = 3 * LIVE_BEAT_S * 1000
/** Pause after a refusal: it will not be another answer a moment later. */
const REFUSED_MS = 5000
const LOOK_MS = 1000

/** Whether the page hears what changes; `lost` since the server's time `asOf`. */
export type Connection =
  | { readonly state: 'opening' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly asOf: Date }

/** What the connection tells the page. */
export interface LiveHandlers {
  /** The connection stands anew: whatever is shown may have changed meanwhile. */
  onHello(): void
  onChanged(topics: readonly LiveTopic[]): void
  onConnection(connection: Connection): void
}

/** Listens until the signal is aborted; goes on trying through every failure. */
export function listen(handlers: LiveHandlers, signal: AbortSignal): void {
  let heardAt: Date | undefined
  let state: Connection['state'] = 'opening'
  const become = (connection: Connection) => {
    if (connection.state === state) return
    state = connection.state
    handlers.onConnection(connection)
  }
  const lose = () => become({ state: 'lost', asOf: heardAt ?? serverNow() })
  const hear = (event: LiveEvent) => {
    noteServerTime(event.at)
    heardAt = new Date(event.at)
    if (event.type === 'hello') handlers.onHello()
    if (event.type === 'changed') handlers.onChanged(event.topics)
    become({ state: 'live' })
  }
  // Also while a request hangs, or when the machine slept: the silence itself is what is judged.
  const timer = setInterval(() => {
    if (heardAt !== undefined && serverNow().getTime() - heardAt.getTime() > SILENCE_MS) lose()
  }, LOOK_MS)
  signal.addEventListener('abort', () => clearInterval(timer))
  void follow(hear, lose, signal)
}

async function follow(hear: (event: LiveEvent) => void, lose: () => void, signal: AbortSignal) {
  const patience = { resumeMs: Number.POSITIVE_INFINITY, silenceMs: SILENCE_MS, onLost: lose }
  while (!signal.aborted) {
    try {
      for await (const event of events(liveRoutes.stream, { signal }, () => false, patience)) hear(event)
    } catch {
      // Whatever the reason, the page says that it no longer hears anything, and asks again.
      if (!signal.aborted) lose()
    }
    await pause(REFUSED_MS, signal)
  }
}
