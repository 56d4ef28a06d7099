import { cutThreeWays } from '../cut-three-ways.drill.ts'
import { dataCentreCut } from '../data-centre-cut.drill.ts'
import type { HostsDrill } from '../drill.ts'
import { hostDies } from '../host-dies.drill.ts'
import { hostDrainedUnderLoad } from '../host-drained-under-load.drill.ts'
import { hostFreezes } from '../host-freezes.drill.ts'
import { hostReplacedUnderLoad } from '../host-replaced-under-load.drill.ts'
import { hostWithEtcdLeaderDies } from '../host-with-etcd-leader-dies.drill.ts'
import { hostsHandOver } from '../hosts-hand-over.drill.ts'
import { linksCaptured } from '../links-captured.drill.ts'
import { lockedHostSwept } from '../locked-host-swept.drill.ts'
import { partsDieInTurn } from '../parts-die-in-turn.drill.ts'
import { partsReplacedUnderLoad } from '../parts-replaced-under-load.drill.ts'
import { witnessDies } from '../witness-dies.drill.ts'

/** The drills that take hosts and lines of a lab, the gentle ones first. */
export const HOSTS_DRILLS: readonly HostsDrill[] = [
  linksCaptured,
  lockedHostSwept,
  hostsHandOver,
  hostDrainedUnderLoad,
  hostReplacedUnderLoad,
  partsReplacedUnderLoad,
  partsDieInTurn,
  witnessDies,
  hostWithEtcdLeaderDies,
  dataCentreCut,
  hostFreezes,
  hostDies,
  cutThreeWays,
]
