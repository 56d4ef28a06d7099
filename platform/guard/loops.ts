import { GUARD_LIMITS, type HostEvent } from '#contract/guard.ts'
import type { HostName } from '#contract/ids.ts'
import { keepTelling, type Loops, serveHosts } from '#platform/fleet/index.ts'
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

/** Takes what hosts noticed, in the transaction that keeps it. */
export type TakeEvents = (tx: ServerDeps['db'], events: readonly HostEvent[]) => Promise<void>

type GuardDeps = ServerDeps & { readonly take: TakeEvents }

/** Serves the guard of every host: what people decided to it, what it noticed from it; `take` gets that, too. */
export const guardLoop =
  (take: TakeEvents) =>
  (deps: ServerDeps): Loops =>
    serveHosts(deps, {
      unknown: 'network.hosts_unknown',
      lookEveryMs: LOOK_MS,
      serve: (host, signal) =>
        Promise.all([push(deps, host, signal), follow({ ...deps, take }, host, signal)]),
      look: (names) => forget(deps, names),
    })

async function forget({ db, now }: ServerDeps, names: readonly HostName[]): Promise<void> {
  const at = now().getTime()
  const kept = {
    events: new Date(at - GUARD_LIMITS.eventDays * DAY_MS),
    counts: new Date(at - GUARD_LIMITS.countDays * DAY_MS),
    over: new Date(at - 2 * DAY_MS),
  }
  await transact(db, (tx) => forgetOld(tx, names, kept))
}

/** Hands over what people decided: when they decide, when one of their times begins, and once a minute. */
const push = (deps: ServerDeps, host: HostName, signal: AbortSignal) =>
  keepTelling(
    deps,
    host,
    {
      channels: [ORDERS_CHANGED],
      missed: 'network.push_failed',
      tell: async () => {
        const orders = await read(() => loadOrders(deps.db, host, deps.now()))
        await deps.agents.of(host).putGuardOrders(orders)
      },
    },
    signal,
  )

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
