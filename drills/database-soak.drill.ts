import { loadavg } from 'node:os'
import { pause } from '#runtime/kit/pause.ts'
import { type BusyProcessors, busyProcessors } from './busy-processors.ts'
import { LOST, SILENCE } from './database-fault.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { hundredths } from './hundredths.ts'
import { longestGapS } from './longest-gap.ts'
import { present } from './present.ts'
import type { Ledger } from './write-ledger.ts'
import { writersOf } from './writers.ts'

const CHANGES = 'times that another server took over'
const IDLE = 'processor time in which no processor was busy'

type Names = typeof CHANGES | typeof SILENCE | typeof LOST | typeof IDLE

const LOOK_MS = 5000

/** Nothing happens to the pair but that there is much else to do: it must not take that for a fault. */
export const soakDatabase = (minutes: number): Drill<Names> => ({
  name: 'database-soak',
  promises: ['BAK-2'],
  summary: `Keep every processor busy for ${minutes} minutes while an app writes: no failover may come of it`,
  harmless: false,
  needs: 'pair',
  onlyByName: true,
  setUp: 'An app of its own writes over four connections and keeps a ledger of what was acknowledged.',
  fault: `For ${minutes} minutes two loops for each processor compute, each in a container of its own, as busy apps do. In a lab of several hosts they run on one, whose processors all share.`,
  measures: {
    [CHANGES]: { unit: 'times', limit: 0 },
    [SILENCE]: { unit: 's', limit: 5 },
    [LOST]: { unit: 'writes', limit: 0 },
    [IDLE]: { unit: '%', limit: 5 },
  },
  expectedS: 60 * minutes + 30,
  begin: (place) => begin(place, minutes),
})

/** As an operator runs it. */
export const databaseSoak = soakDatabase(30)

/** What is known when the load is over. */
interface Soaked {
  readonly fromMs: number
  readonly untilMs: number
  readonly idleShare: number
  readonly meanLoad: number
}

function begin(place: DrillPlace, minutes: number): Stages<Names> {
  const writers = writersOf(place, 'soak')
  let busy: BusyProcessors | undefined
  let soaked: Soaked | undefined
  return {
    setUp: writers.begin,
    fault: async () => {
      place.mark('fault')
      busy = await busyProcessors(place, minutes)
      soaked = await soak(place, busy, writers.ledger(), minutes)
      place.mark('load ended')
    },
    measure: async () => {
      await busy?.end()
      return await measure(writers.ledger(), present(soaked))
    },
    cleanUp: async () => {
      await busy?.end()
      await writers.end()
    },
  }
}

/** Waits until the time is over, and says meanwhile how it goes. */
async function soak(
  place: DrillPlace,
  busy: BusyProcessors,
  { acknowledged, failed }: Ledger,
  minutes: number,
): Promise<Soaked> {
  const fromMs = performance.now()
  const loads: number[] = []
  while (performance.now() < fromMs + minutes * 60_000) {
    place.signal.throwIfAborted()
    await pause(LOOK_MS, place.signal)
    const load = loadavg()[0] ?? 0
    loads.push(load)
    place.show(
      `Fault: ${acknowledged.length} writes acknowledged, ${failed.length} failed, load ${load.toFixed(0)}`,
    )
  }
  const meanLoad = loads.reduce((sum, one) => sum + one, 0) / Math.max(1, loads.length)
  return { fromMs, untilMs: performance.now(), idleShare: busy.idleShare(), meanLoad }
}

async function measure(ledger: Ledger, soaked: Soaked): Promise<Measured<Names>> {
  await ledger.stop()
  const { acknowledged } = ledger
  const lost = await ledger.findLost()
  // A server that was started again has another name, also where it leads again.
  const changes = new Set(acknowledged.map(({ server }) => server)).size - 1
  const silenceS = longestGapS(acknowledged, soaked.fromMs, soaked.untilMs)
  const failed = ledger.failed.filter(({ endedMs }) => endedMs > soaked.fromMs).length
  const minutes = (soaked.untilMs - soaked.fromMs) / 60_000
  return {
    values: {
      [CHANGES]: changes,
      [SILENCE]: hundredths(silenceS),
      [LOST]: lost.length,
      [IDLE]: hundredths(100 * soaked.idleShare),
    },
    result: `In ${minutes.toFixed(0)} minutes at a load of ${soaked.meanLoad.toFixed(0)} another server took over ${changes} times; of ${acknowledged.length} acknowledged writes ${lost.length} were lost, ${failed} failed, and no write was acknowledged for ${silenceS.toFixed(2)} s at most.`,
    figures: {
      'acknowledged writes': { value: acknowledged.length, unit: 'writes' },
      'writes that ended with an error': { value: failed, unit: 'writes' },
      'mean load of the machine': { value: hundredths(soaked.meanLoad), unit: '' },
    },
    ledger: { of: 'acknowledged writes', entries: acknowledged, failed: ledger.failed, lost },
  }
}
