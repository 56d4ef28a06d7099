import type { HostName } from '#contract/ids.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { makeBell } from '#runtime/server/notify.ts'
import { read } from '#runtime/server/transact.ts'
import { listHosts } from './store.ts'
import { HOSTS_CHANGED } from './tables.ts'

/** Loops that run until they are stopped. */
export interface Loops {
  stop(): Promise<void>
}

/** How every host of the installation is served, for as long as it belongs to it. */
export interface HostService {
  /** Line of the log when the hosts are not known. */
  readonly unknown: string
  readonly lookEveryMs: number
  /** Serves one until `signal`. */
  serve(host: HostName, signal: AbortSignal): Promise<unknown>
  /** Called at each look with all of their names. */
  look?(names: readonly HostName[]): Promise<void>
}

/** Serves every host, each by itself: one that does not answer keeps no other waiting. */
export function serveHosts(deps: ServerDeps, service: HostService): Loops {
  return untilStopped((signal) => keepServing(deps, service, signal))
}

function untilStopped(work: (signal: AbortSignal) => Promise<unknown>): Loops {
  const stopping = new AbortController()
  const running = work(stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function keepServing(
  deps: ServerDeps,
  { unknown, lookEveryMs, serve, look }: HostService,
  signal: AbortSignal,
): Promise<void> {
  const bell = deps.hub.bell(HOSTS_CHANGED)
  const served = new Map<HostName, Loops>()
  let complained = false
  while (!signal.aborted) {
    try {
      const names = (await read(() => listHosts(deps.db, deps.now()))).map(({ name }) => name)
      for (const [name, loops] of served) {
        if (names.includes(name)) continue
        served.delete(name)
        await loops.stop()
      }
      for (const name of names)
        if (!served.has(name))
          served.set(
            name,
            untilStopped((ended) => serve(name, ended)),
          )
      await look?.(names)
      complained = false
    } catch (error) {
      if (!complained) deps.log.warn(unknown, { error })
      complained = true
    }
    await bell.wait(complained ? RETRY_MS : lookEveryMs, signal)
  }
  bell.close()
  await Promise.all([...served.values()].map((loops) => loops.stop()))
}

/** What a host is told, and when that is another. */
export interface Orders {
  /** Channels of what the orders depend on. */
  readonly channels: readonly string[]
  /** Line of the log when they do not arrive: one an outage. */
  readonly missed: string
  tell(host: HostName): Promise<void>
}

/** A host is told again after so long, also when nothing has changed: it may have been away. */
const AGAIN_MS = 60_000
const RETRY_MS = 2_000

/** Hands a host its orders: at once when they are others, and once a minute. */
export async function keepTelling(
  { hub, log }: Pick<ServerDeps, 'hub' | 'log'>,
  host: HostName,
  { channels, missed, tell }: Orders,
  signal: AbortSignal,
): Promise<void> {
  const bell = makeBell((ring) => {
    const ends = channels.map((channel) => hub.subscribe(channel, ring))
    return () => {
      for (const end of ends) end()
    }
  })
  let complained = false
  while (!signal.aborted) {
    try {
      await tell(host)
      complained = false
    } catch (error) {
      if (!complained && !signal.aborted) log.warn(missed, { host, error })
      complained = true
    }
    await bell.wait(complained ? RETRY_MS : AGAIN_MS, signal)
  }
  bell.close()
}
