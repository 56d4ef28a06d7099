import type { FilterReport } from '#contract/network.ts'
import type { Guarded } from '#platform/guard/host.ts'
import type { Log } from '#runtime/kit/log.ts'

type Told = Pick<FilterReport, 'restored' | 'restoredAt'>

/** How often what a hand had changed was put back since the agent started, and when last. */
export interface MendBook {
  note(what: 'rules' | 'members', did: Guarded): void
  told(): Told
}

/** The log has a line for each; the host's report has their number. */
export function makeMendBook(log: Log): MendBook {
  let told: Told = { restored: 0, restoredAt: null }
  return {
    note: (what, did) => {
      // Members are given anew whenever somebody begins to listen at a port.
      if (did === 'loaded' && what === 'rules') log.info('guard.rules', { what, did })
      if (did !== 'mended') return
      log.warn('guard.rules', { what, did })
      told = { restored: told.restored + 1, restoredAt: new Date().toISOString() }
    },
    told: () => told,
  }
}

/** What two keepers of rules have put back, as one. */
export const together = (one: Told, other: Told): Told => ({
  restored: one.restored + other.restored,
  restoredAt:
    [one.restoredAt, other.restoredAt]
      .filter((at) => at !== null)
      .sort()
      .at(-1) ?? null,
})
