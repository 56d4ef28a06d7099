import type { DrillPlace } from './drill.ts'
import { drillApp } from './drill-app.ts'
import { type Doors, openDoors } from './ledger-doors.ts'
import { liveCopies } from './look-at-pair.ts'
import { present } from './present.ts'
import { waitUntil } from './wait-until.ts'
import { type Ledger, type LedgerOptions, startLedger } from './write-ledger.ts'

const READY_S = 60
const FIRST_WRITES = 100

/** An app of its own that writes, and the ledger of what was acknowledged. */
export interface Writers {
  /** Deploys the app; over when a standby confirms what it writes and the first writes were acknowledged. */
  begin(): Promise<void>
  doors(): Doors
  ledger(): Ledger
  /** Ends what was begun, also when that was half of it. */
  end(): Promise<void>
}

export function writersOf(place: DrillPlace, what: string, options: LedgerOptions = {}): Writers {
  const app = drillApp(place, what)
  const patience = { timeoutS: READY_S, signal: place.signal }
  let doors: Doors | undefined
  let ledger: Ledger | undefined
  return {
    begin: async () => {
      await app.deploy()
      const url = await app.url()
      const entry = await openDoors(place, url)
      doors = entry
      await waitUntil('A synchronous standby', patience, async () => (await liveCopies(entry)).length > 0)
      const started = await startLedger(place, url, options)
      ledger = started
      const enough = () => started.acknowledged.length >= FIRST_WRITES
      await waitUntil(`${FIRST_WRITES} acknowledged writes`, patience, enough)
    },
    doors: () => present(doors),
    ledger: () => present(ledger),
    end: async () => {
      await ledger?.stop()
      await app.destroy()
    },
  }
}
