import { join } from 'node:path'
import { HOME } from '#contract/installation.ts'
import { databaseContainerDies } from '#drills/database-container-dies.drill.ts'
import type { FaultMeasure } from '#drills/database-fault.ts'
import { cutPrimaryOff } from '#drills/database-primary-cut-off.drill.ts'
import type { Drill, DrillPlace } from '#drills/drill.ts'
import { thisHost } from '#drills/part-host.ts'
import type { Settings } from '#platform/hosts/cluster-settings.ts'
import { ensureClusterSettings } from '#platform/hosts/database-pair.ts'
import { clusterSettings } from '#platform/hosts/database-tier.ts'
import { readText } from '#runtime/drivers/files.ts'
import { pause } from '#runtime/kit/pause.ts'
import type { BenchPlace } from './benchmark.ts'

export interface StockFault {
  readonly fault: string
  readonly values: Readonly<Record<FaultMeasure, number>>
}

/** What Patroni 4 has where nothing is said. */
const STOCK = { ttl: 30, loop_wait: 10, retry_timeout: 10, primary_start_timeout: 300 }
/** Longer than the lease and two loops. */
const CUT_MS = 60_000
/** Patroni takes settings over in its next loop, which may still be a long one. */
const LOOP_MS = 12_000

const FAULTS: ReadonlyArray<readonly [fault: string, drill: Drill<FaultMeasure>]> = [
  ['kill -9 of the primary’s container', databaseContainerDies],
  ['primary cut off for 60 s', cutPrimaryOff(CUT_MS)],
]

/** The same faults with Patroni's own settings; ours are put back whatever happens. */
export async function measureStock(place: BenchPlace): Promise<StockFault[]> {
  const rootPem = (await readText(join(place.home, HOME.pki, 'root.crt'))) ?? ''
  const set = async (settings: Settings) => {
    await ensureClusterSettings({ ...place, rootPem }, settings)
    await pause(LOOP_MS)
  }
  const found: StockFault[] = []
  try {
    await set({ ...clusterSettings(), ...STOCK })
    for (const [fault, drill] of FAULTS) {
      place.say(`${fault}, Patroni’s own settings`)
      found.push({ fault, values: await carryOutUnguarded(place, drill) })
    }
  } finally {
    await set(clusterSettings())
  }
  return found
}

/** Carries a drill out while the host agent stands still from the fault on: nobody gives the lead of a dead primary free. */
async function carryOutUnguarded(
  place: BenchPlace,
  drill: Drill<FaultMeasure>,
): Promise<StockFault['values']> {
  const drillPlace: DrillPlace = {
    ...place,
    hostOf: async () => thisHost(place),
    signal: new AbortController().signal,
    show: place.say,
    mark: () => {},
  }
  const { setUp, fault, measure, cleanUp } = drill.begin(drillPlace)
  const agent = `${place.installation.name}-agent`
  let still = false
  try {
    await setUp()
    await place.docker.containers.freeze(agent)
    still = true
    await fault()
    return (await measure()).values
  } finally {
    if (still) await place.docker.containers.thaw(agent)
    await cleanUp()
  }
}
