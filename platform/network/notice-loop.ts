import { recordOwnAct } from '#platform/audit/index.ts'
import { loadReports } from '#platform/workload/index.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { transact } from '#runtime/server/transact.ts'
import { isUnused, warningsDue } from './notice-plan.ts'
import { loadLives, markUsed, setProposed, setWarned } from './notice-store.ts'
import type { Db } from './store.ts'

/** Days are what counts here. */
const LOOK_MS = 600_000

/** What the platform does to rules by itself, for the audit log. */
export const NETWORK_ACTS = {
  'network.ends_soon': 'Warned a rule’s owner that it ends soon',
  'network.unused': 'Proposed to take back a rule that nobody uses',
} as const

/** Keeps which rules are used, and warns their owners. */
export function ruleLoop(deps: ServerDeps): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = look(deps, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function look(deps: ServerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await transact(deps.db, (tx) => lookAtRules(tx, deps.now()))
    } catch (error) {
      deps.log.warn('network.rules_not_looked_at', { error })
    }
    await pause(LOOK_MS, signal)
  }
}

/** One look: what hosts have seen used is kept, and each warning is written down once. */
export async function lookAtRules(tx: Db, now: Date): Promise<void> {
  const reports = [...(await loadReports(tx)).values()]
  const used = new Set(reports.flatMap(({ report }) => report.filter?.used ?? []))
  await markUsed(tx, [...used], startOfDay(now))
  for (const life of await loadLives(tx)) {
    const { id, from, to, until, approvedBy } = life.rule
    const on = { rule: id, owner: approvedBy }
    const due = warningsDue(life, now)
    if (due > life.warned) {
      await setWarned(tx, id, due)
      await recordOwnAct(tx, { action: 'network.ends_soon', on, told: { from, to, until } }, now)
    }
    if (isUnused(life, now) && life.proposedAt === null) {
      await setProposed(tx, id, now)
      const since = life.usedOn.toISOString().slice(0, 10)
      await recordOwnAct(tx, { action: 'network.unused', on, told: { from, to, since } }, now)
    }
  }
}

const startOfDay = (now: Date) => new Date(`${now.toISOString().slice(0, 10)}T00:00:00.000Z`)
