import { DETECTION_LIMITS } from '#contract/detection.ts'
import type { HostEvent } from '#contract/guard.ts'
import { pause } from '#runtime/kit/pause.ts'
import { randomId } from '#runtime/kit/random-id.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { planClosing, planIncidents, whoDid } from './incident-plan.ts'
import { closeQuiet, forgetIncidents, holdIncidents, loadKnown, saveIncidents } from './store.ts'

const LOOK_MS = 60_000
const RETRY_MS = 5_000
const DAY_MS = 86_400_000

/** Takes what hosts noticed into incidents, in the transaction that keeps it. */
export async function correlate(tx: ServerDeps['db'], events: readonly HostEvent[]): Promise<void> {
  if (events.length === 0) return
  await holdIncidents(tx)
  const known = await loadKnown(tx, [...new Set(events.map(whoDid))], events)
  await saveIncidents(
    tx,
    planIncidents({ known, events }, () => randomId<string>('inc')),
  )
}

/** Ends incidents in which nothing more happens, and forgets old ones. */
export function incidentLoop(deps: ServerDeps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = keepClosing(deps, stopping.signal)
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

async function keepClosing(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  let complained = false
  while (!signal.aborted) {
    try {
      await endQuiet(deps)
      complained = false
    } catch (error) {
      if (!complained) deps.log.warn('network.incidents_unknown', { error })
      complained = true
    }
    await pause(complained ? RETRY_MS : LOOK_MS, signal)
  }
}

/** One look at what goes on. */
export async function endQuiet({ db, now }: Pick<ServerDeps, 'db' | 'now'>): Promise<void> {
  const at = now()
  const quiet = new Date(at.getTime() - DETECTION_LIMITS.quietMinutes * 60_000)
  await transact(db, async (tx) => {
    await holdIncidents(tx)
    await closeQuiet(tx, quiet, (incident) => planClosing(incident, at))
    await forgetIncidents(tx, new Date(at.getTime() - DETECTION_LIMITS.incidentDays * DAY_MS))
  })
}
