import type { HostName } from '#contract/ids.ts'
import { HOSTS_CHANGED, listHosts } from '#platform/fleet/index.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { read } from '#runtime/server/transact.ts'
import { type LoadWorkload, startHost } from './host-loops.ts'
import { keepReportsOf } from './store.ts'

/** A notification can be lost with the connection that carried it. */
const LOOK_AGAIN_MS = 5_000

/** Loops that run until they are stopped. */
export interface Loops {
  stop(): Promise<void>
}

/** Serves every host for as long as it belongs to the installation: its whole state to it, its reports from it. */
export function startWorkload(deps: ServerDeps, load: LoadWorkload): Loops {
  const stopping = new AbortController()
  const running = serveHosts(deps, load, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function serveHosts(deps: ServerDeps, load: LoadWorkload, signal: AbortSignal): Promise<void> {
  const bell = deps.hub.bell(HOSTS_CHANGED)
  const served = new Map<HostName, Loops>()
  let complained = false
  while (!signal.aborted) {
    try {
      const names = new Set((await read(() => listHosts(deps.db))).map(({ name }) => name))
      for (const [name, loops] of served) {
        if (names.has(name)) continue
        served.delete(name)
        await loops.stop()
      }
      await keepReportsOf(deps.db, [...names])
      for (const name of names) if (!served.has(name)) served.set(name, startHost(deps, load, name))
      complained = false
    } catch (error) {
      if (!complained) deps.log.warn('workload.hosts_unknown', { error })
      complained = true
    }
    await bell.wait(LOOK_AGAIN_MS, signal)
  }
  bell.close()
  await Promise.all([...served.values()].map((loops) => loops.stop()))
}
