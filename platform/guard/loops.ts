import { GUARD_LIMITS, type HostEvent } from '#contract/guard.ts'
import type { HostName } from '#contract/ids.ts'
import { HOSTS_CHANGED, listHosts } from '#platform/fleet/index.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { notify } from '#runtime/server/notify.ts'
import { read, transact } from '#runtime/server/transact.ts'
import { loadOrders } from './orders.ts'
import { forgetOld, GUARD_TOLD, ORDERS_CHANGED, saveGuardReport } from './store.ts'

const LOOK_MS = 60_000
const WAIT_MS = 20_000
const RETRY_MS = 2_000
const DAY_MS = 86_400_000

interface Loop {
  stop(): Promise<void>
}

/** Takes what hosts noticed, in the transaction that keeps it. */
export type TakeEvents = (tx: ServerDeps['db'], events: readonly HostEvent[]) => Promise<void>

/** Serves the guard of every host: what people decided to it, what it noticed from it; `take` gets that, too. */
export const guardLoop =
  (take: TakeEvents) =>
  (deps: ServerDeps): Loop => {
    const stopping = new AbortController()
    const running = serve({ ...deps, take }, stopping.signal)
    return {
      async stop() {
        stopping.abort()
        await running
      },
    }
  }

type GuardDeps = ServerDeps & { readonly take: TakeEvents }

async function serve(deps: GuardDeps, signal: AbortSignal): Promise<void> {
  const bell = deps.hub.bell(HOSTS_CHANGED)
  const served = new Map<HostName, Loop>()
  let complained = false
  while (!signal.aborted) {
    try {
      const names = (await read(() => listHosts(deps.db, deps.now()))).map(({ name }) => name)
      for (const [name, loop] of served) {
        if (names.includes(name)) continue
        served.delete(name)
        await loop.stop()
      }
      for (const name of names) if (!served.has(name)) served.set(name, startHost(deps, name))
      const now = deps.now().getTime()
      const kept = {
        events: new Date(now - GUARD_LIMITS.eventDays * DAY_MS),
        counts: new Date(now - GUARD_LIMITS.countDays * DAY_MS),
        over: new Date(now - 2 * DAY_MS),
      }
      await transact(deps.db, (tx) => forgetOld(tx, names, kept))
      complained = false
    } catch (error) {
      if (!complained) deps.log.warn('network.hosts_unknown', { error })
      complained = true
    }
    await bell.wait(complained ? RETRY_MS : LOOK_MS, signal)
  }
  bell.close()
  await Promise.all([...served.values()].map((loop) => loop.stop()))
}

function startHost(deps: GuardDeps, host: HostName): Loop {
  const stopping = new AbortController()
  const running = Promise.all([push(deps, host, stopping.signal), follow(deps, host, stopping.signal)])
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Hands over what people decided: when they decide, when one of their times begins, and once a minute. */
async function push(deps: ServerDeps, host: HostName, signal: AbortSignal): Promise<void> {
  const bell = deps.hub.bell(ORDERS_CHANGED)
  let complained = false
  while (!signal.aborted) {
    try {
      await deps.agents.of(host).putGuardOrders(await read(() => loadOrders(deps.db, host, deps.now())))
      complained = false
    } catch (error) {
      if (!complained && !signal.aborted) deps.log.warn('network.push_failed', { host, error })
      complained = true
    }
    await bell.wait(complained ? RETRY_MS : LOOK_MS, signal)
  }
  bell.close()
}

/** Long-polls the host's guard; what it answers is kept. */
async function follow(deps: GuardDeps, host: HostName, signal: AbortSignal): Promise<void> {
  let after = 0
  let complained = false
  while (!signal.aborted) {
    try {
      const report = await deps.agents.of(host).guard(after, WAIT_MS, signal)
      await transact(deps.db, async (tx) => {
        await saveGuardReport(tx, host, report, deps.now())
        if (report.sequence !== after) await notify(tx, GUARD_TOLD)
        await deps.take(
          tx,
          report.events.map((event) => ({ ...event, host })),
        )
      })
      after = report.sequence
      complained = false
    } catch (error) {
      if (signal.aborted) return
      if (!complained) deps.log.warn('network.report_missed', { host, error })
      complained = true
      await pause(RETRY_MS, signal)
    }
  }
}
