import { join } from 'node:path'
import { HOME } from '#contract/installation.ts'
import type { FaultMeasure } from '#drills/database-fault.ts'
import type { Drill, DrillPlace } from '#drills/drill.ts'
import { thisHost } from '#drills/part-host.ts'
import { readText } from '#runtime/drivers/files.ts'
import type { BenchPlace } from './benchmark.ts'
import type { Fault, FaultsSeen } from './database-faults.ts'
import { setPairSettings } from './pair-settings.ts'
import type { Missing } from './report.ts'

type Values = Readonly<Record<FaultMeasure, number>>

/** The same faults with Patroni's own settings; ours are put back whatever happens. */
export async function measureStock(place: BenchPlace, faults: readonly Fault[]): Promise<FaultsSeen> {
  const { signal } = place
  const rootPem = (await readText(join(place.home, HOME.pki, 'root.crt'))) ?? ''
  const pair = { ...place, rootPem }
  const values = new Map<Fault, Values>()
  const missing: Missing[] = []
  try {
    await setPairSettings(pair, 'Patroni', signal)
    for (const fault of faults) {
      if (fault.stock === undefined) continue
      signal.throwIfAborted()
      const what = `${fault.stock.name}, Patroni’s own settings`
      place.say(what)
      try {
        values.set(fault, await carryOutUnguarded(place, fault.stock.drill))
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        missing.push({ what, reason, failed: true })
      }
    }
  } finally {
    await setPairSettings(pair, 'Maru', signal)
  }
  return { values, missing }
}

/** Carries a drill out while the host agent stands still from the fault on: nobody gives the lead of a dead primary free. */
async function carryOutUnguarded(place: BenchPlace, drill: Drill<FaultMeasure>): Promise<Values> {
  const drillPlace: DrillPlace = {
    ...place,
    // Its clean-up has commands too; what it begins it ends itself when it is to stop.
    maru: (args) => place.maru(args, { putsBack: true }),
    hostOf: async () => thisHost(place),
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
