import { databaseContainerDies } from '#drills/database-container-dies.drill.ts'
import { databaseDiskFull } from '#drills/database-disk-full.drill.ts'
import type { FaultMeasure } from '#drills/database-fault.ts'
import { databaseHandsOver } from '#drills/database-hands-over.drill.ts'
import {
  databasePrimaryCannotWrite,
  primaryCannotWrite,
} from '#drills/database-primary-cannot-write.drill.ts'
import { cutPrimaryOff, databasePrimaryCutOff } from '#drills/database-primary-cut-off.drill.ts'
import { databasePrimaryDies } from '#drills/database-primary-dies.drill.ts'
import { databasePrimaryFreezes } from '#drills/database-primary-freezes.drill.ts'
import { databaseStandbyDies } from '#drills/database-standby-dies.drill.ts'
import { databaseTwoFaults } from '#drills/database-two-faults.drill.ts'
import type { Drill } from '#drills/drill.ts'
import type { Missing } from './report.ts'

interface Carried {
  /** As its row is called. */
  readonly name: string
  readonly drill: Drill<FaultMeasure>
  /** For so long it is held: a silence that lasts as long was ended by its end. */
  readonly heldS?: number
}

/** A fault of the pair; with Patroni's own settings it may need longer to show anything, or be no question of settings. */
export interface Fault extends Carried {
  readonly stock?: Carried
}

/** What was seen of each fault, and the faults of which nothing was. */
export interface FaultsSeen {
  readonly values: ReadonlyMap<Fault, Readonly<Record<string, number>>>
  readonly missing: readonly Missing[]
}

/** Longer than the lease and a loop. */
const CUT_S = 45
const FULL_S = 30

const held = (what: string, heldS: number, drill: Drill<FaultMeasure>): Carried => ({
  name: `${what} for ${heldS} s`,
  drill,
  heldS,
})
const same = (name: string, drill: Drill<FaultMeasure>): Fault => ({ name, drill, stock: { name, drill } })

export const FAULTS: readonly Fault[] = [
  same('kill -9 of the primary’s server', databasePrimaryDies),
  same('kill -9 of the primary’s container', databaseContainerDies),
  same('kill -9 of the primary’s container, and 5 s later of who leads by then', databaseTwoFaults),
  same('primary frozen for 10 s', databasePrimaryFreezes),
  {
    ...held('primary cut off', 12, databasePrimaryCutOff),
    stock: held('primary cut off', CUT_S, cutPrimaryOff(CUT_S * 1000)),
  },
  {
    ...held('primary cannot write', 15, databasePrimaryCannotWrite),
    stock: held('primary cannot write', FULL_S, primaryCannotWrite(FULL_S * 1000)),
  },
  held('primary’s disk full', 15, databaseDiskFull),
  same('standby lost', databaseStandbyDies),
  same('lead handed over, as before planned work', databaseHandsOver),
]
