import type { FilterReport } from '#contract/network.ts'
import type { Kept } from '#runtime/drivers/kept-table.ts'
import type { Log } from '#runtime/kit/log.ts'

type Told = Pick<FilterReport, 'restored' | 'restoredAt'>

/** How often what a hand had changed was put back since the agent started, and when last. */
export interface MendBook {
  /** What the guard had to do about its own. */
  note(what: 'rules' | 'members', did: Kept): void
  /** Something was put back. */
  count(): void
  told(): Told
}

/** The log has a line for each of the guard's; the host's report has their number. */
export function makeMendBook(log: Log): MendBook {
  let told: Told = { restored: 0, restoredAt: null }
  const count = () => {
    told = { restored: told.restored + 1, restoredAt: new Date().toISOString() }
  }
  return {
    count,
    note: (what, did) => {
      // Members are given anew whenever somebody begins to listen at a port.
      if (did === 'loaded' && what === 'rules') log.info('guard.rules', { what, did })
      if (did !== 'mended') return
      log.warn('guard.rules', { what, did })
      count()
    },
    told: () => told,
  }
}
