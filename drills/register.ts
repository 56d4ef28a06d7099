import { MaruError } from '#contract/errors.ts'
import { agreedTestEnds } from './agreed-test-ends.drill.ts'
import { appReachesOut } from './app-reaches-out.drill.ts'
import { brokenIntoAppTalks } from './broken-into-app-talks.drill.ts'
import { databaseClockJumps } from './database-clock-jumps.drill.ts'
import { databaseContainerDies } from './database-container-dies.drill.ts'
import { databaseDiskFull } from './database-disk-full.drill.ts'
import { databaseHandsOver } from './database-hands-over.drill.ts'
import { databasePrimaryCannotWrite } from './database-primary-cannot-write.drill.ts'
import { databasePrimaryCutOff } from './database-primary-cut-off.drill.ts'
import { databasePrimaryDies } from './database-primary-dies.drill.ts'
import { databasePrimaryFreezes } from './database-primary-freezes.drill.ts'
import { databaseSoak } from './database-soak.drill.ts'
import { databaseStandbyDies } from './database-standby-dies.drill.ts'
import { databaseTwoFaults } from './database-two-faults.drill.ts'
import { doorsTriedFromInstance } from './doors-tried-from-instance.drill.ts'
import type { AnyDrill, Drill } from './drill.ts'
import { floodedFromOutside } from './flooded-from-outside.drill.ts'
import { framesForgedByInstance } from './frames-forged-by-instance.drill.ts'
import { HOSTS_DRILLS } from './hosts/register.ts'
import { knownAttacksSeen } from './known-attacks-seen.drill.ts'
import { loginGuessed } from './login-guessed.drill.ts'
import { neighboursDatabase } from './neighbours-database.drill.ts'
import { portsScannedFromOutside } from './ports-scanned-from-outside.drill.ts'
import { rulesChangedByHand } from './rules-changed-by-hand.drill.ts'
import { rulesReappliedUnderLoad } from './rules-reapplied-under-load.drill.ts'
import { slowClientsHoldConnections } from './slow-clients-hold-connections.drill.ts'
import { snifferInInstance } from './sniffer-in-instance.drill.ts'
import { stackRollUnderLoad } from './stack-roll-under-load.drill.ts'
import { upstreamAnnounced } from './upstream-announced.drill.ts'

/** The drills on one host. */
const DRILLS_ON_A_HOST: readonly Drill[] = [
  databaseHandsOver,
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
  doorsTriedFromInstance,
  appReachesOut,
  framesForgedByInstance,
  snifferInInstance,
  portsScannedFromOutside,
  agreedTestEnds,
  slowClientsHoldConnections,
  floodedFromOutside,
  loginGuessed,
  knownAttacksSeen,
  brokenIntoAppTalks,
  upstreamAnnounced,
  rulesChangedByHand,
  rulesReappliedUnderLoad,
]

/** Every drill there is. Each has a page in docs/drills/. */
export const DRILLS: readonly AnyDrill[] = [...DRILLS_ON_A_HOST, ...HOSTS_DRILLS]

/** The drill of that name. */
export function findDrill(name: string): AnyDrill {
  const found = DRILLS.find((drill) => drill.name === name)
  if (found === undefined) throw new MaruError('drills.unknown', { drill: name })
  return found
}
