import { MaruError } from '#contract/errors.ts'
import { databaseClockJumps } from './database-clock-jumps.drill.ts'
import { databaseContainerDies } from './database-container-dies.drill.ts'
import { databaseDiskFull } from './database-disk-full.drill.ts'
import { databasePrimaryCannotWrite } from './database-primary-cannot-write.drill.ts'
import { databasePrimaryCutOff } from './database-primary-cut-off.drill.ts'
import { databasePrimaryDies } from './database-primary-dies.drill.ts'
import { databasePrimaryFreezes } from './database-primary-freezes.drill.ts'
import { databaseSoak } from './database-soak.drill.ts'
import { databaseStandbyDies } from './database-standby-dies.drill.ts'
import { databaseTwoFaults } from './database-two-faults.drill.ts'
import type { AnyDrill, Drill } from './drill.ts'
import { HOSTS_DRILLS } from './hosts/register.ts'
import { neighboursDatabase } from './neighbours-database.drill.ts'
import { stackRollUnderLoad } from './stack-roll-under-load.drill.ts'

/** The drills on one host. */
const DRILLS_ON_A_HOST: readonly Drill[] = [
  databasePrimaryDies,
  databaseContainerDies,
  databasePrimaryFreezes,
  databasePrimaryCutOff,
  databasePrimaryCannotWrite,
  databaseDiskFull,
  databaseClockJumps,
  databaseStandbyDies,
  databaseTwoFaults,
  databaseSoak,
  neighboursDatabase,
  stackRollUnderLoad,
]

/** Every drill there is. Each has a page in docs/drills/. */
export const DRILLS: readonly AnyDrill[] = [...DRILLS_ON_A_HOST, ...HOSTS_DRILLS]

/** The drill of that name. */
export function findDrill(name: string): AnyDrill {
  const found = DRILLS.find((drill) => drill.name === name)
  if (found === undefined) throw new MaruError('drills.unknown', { drill: name })
  return found
}
