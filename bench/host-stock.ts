import { join } from 'node:path'
import { dataCentreCut } from '#drills/data-centre-cut.drill.ts'
import type { HostsDrill } from '#drills/drill.ts'
import { hostDies } from '#drills/host-dies.drill.ts'
import { hostWithEtcdLeaderDies } from '#drills/host-with-etcd-leader-dies.drill.ts'
import { FAILOVER_S, PATIENCE_S, SILENCE, type TakeOverMeasure, WHOLE } from '#drills/hosts/fault-of-hosts.ts'
import type { HostsPlace } from '#drills/hosts/hosts-place.ts'
import { openLabGround } from '#drills/hosts/lab-ground.ts'
import type { BenchPlace, Found } from './benchmark.ts'
import { rowOf, SEEN } from './drill-figures.ts'
import { STILL_MARU, STOCK_TEXT, type Whose } from './pair-settings.ts'
import { type Figure, figureOf, type Missing, ratioOf } from './report.ts'

type FaultDrill = HostsDrill<TakeOverMeasure>
type Values = Readonly<Record<TakeOverMeasure, number>>

/** The faults of hosts and lines that somebody else has to take the lead of the pair over after. */
const DRILLS: readonly FaultDrill[] = [hostDies, hostWithEtcdLeaderDies, dataCentreCut]

const STOCK = 'with Patroni’s own settings'
const AGAINST = 'Maru’s against Patroni’s own'
/** What is compared; the rest are counts, most of them 0. */
const COMPARED: readonly string[] = [SILENCE, WHOLE] satisfies TakeOverMeasure[]

const SETTINGS_HERE = join(import.meta.dirname, 'settings-here.ts')

/** What was done, for the reader of figures. */
export const STOCK_METHOD = `Then ${DRILLS.map(({ name }) => name).join(', ')} once more in the same lab, with Patroni’s own settings (${STOCK_TEXT}) and with the agents of all hosts frozen from the fault until others have taken over, which otherwise give a silent host’s lead free. ${STILL_MARU} Requests that failed after the failover time are those after ${FAILOVER_S} s in both.`

/**
 * The drills after which another member has to lead, in a lab and with Patroni's own settings; ours are put back whatever happens. Gives
 * two more columns for the rows of the same drills with Maru's settings, which are in `ours` if they were measured.
 */
export async function measureStockOfHosts(
  { say, signal }: Pick<BenchPlace, 'say' | 'signal'>,
  home: string,
  ours: readonly Figure[],
): Promise<Found> {
  const ground = await openLabGround(home, {})
  const place: HostsPlace = { ...ground, signal, say, show: say, mark: () => {} }
  const figures: Figure[] = []
  const missing: Missing[] = []
  const attempt = async (what: string, work: () => Promise<unknown>) => {
    say(what)
    try {
      await work()
    } catch (error) {
      missing.push({ what, reason: error instanceof Error ? error.message : String(error), failed: true })
    }
  }
  try {
    await attempt('Patroni’s own settings', () => setSettings(place, 'Patroni'))
    for (const drill of missing.length === 0 ? DRILLS : []) {
      signal.throwIfAborted()
      await attempt(`${drill.name}, ${STOCK}`, async () => {
        figures.push(...stockFigures(drill, await carryOut(drill, withoutAgents(place)), ours))
      })
    }
  } finally {
    await attempt('Maru’s settings are put back', () => setSettings(place, 'Maru'))
    await attempt('the app of the drills is removed', ground.close)
  }
  return { figures, missing }
}

async function setSettings(place: HostsPlace, whose: Whose): Promise<void> {
  const { name } = await place.hostOf('postgres-1')
  const order = JSON.stringify({ installation: place.installation, whose })
  const { exitCode, stderr } = await place.run(name, [process.execPath, SETTINGS_HERE, order])
  if (exitCode !== 0) throw new Error(`the settings of the pair were not changed: ${stderr.trim()}`)
}

async function carryOut(drill: FaultDrill, place: HostsPlace): Promise<Values> {
  const { setUp, fault, measure, cleanUp } = drill.begin(place)
  try {
    await setUp()
    await fault()
    return (await measure()).values
  } finally {
    await cleanUp()
  }
}

/**
 * A lab whose agents stand still from a fault until it is repaired: nobody gives the lead of a silent host free. Not earlier, because
 * whoever asks the platform as root asks through an agent.
 */
export function withoutAgents(place: HostsPlace): HostsPlace {
  const agent = `${place.installation.name}-agent`
  const asleep: Array<() => Promise<void>> = []
  const freeze = async (host: string) => {
    const { containers } = await place.engine(host)
    asleep.push(() => containers.thaw(agent))
    await containers.freeze(agent)
    const state = (await containers.inspect(agent))?.state
    if (state !== 'paused') throw new Error(`the agent of ${host} does not stand still: it is ${state}`)
  }
  const freezeAllBut = async (dying?: string) => {
    for (const { name } of place.hosts)
      if (name !== dying && (await place.isRunning(name))) await freeze(name)
  }
  const thawAll = async () => {
    for (const thaw of asleep.splice(0)) await thaw()
  }
  return {
    ...place,
    kill: async (host) => {
      await freezeAllBut(host)
      await place.kill(host)
    },
    cut: async (dataCentre) => {
      await freezeAllBut()
      await place.cut(dataCentre)
    },
    start: async (host) => {
      await thawAll()
      await place.start(host)
    },
    heal: async (dataCentre) => {
      await thawAll()
      await place.heal(dataCentre)
    },
  }
}

/** What a drill measured with Patroni's own settings, and what Maru's is of it. Pure. */
export function stockFigures(
  { name, measures }: Pick<FaultDrill, 'name' | 'measures'>,
  values: Readonly<Record<string, number>>,
  ours: readonly Figure[],
): Figure[] {
  return Object.entries(measures).flatMap(([measure, { unit }]) => {
    const value = values[measure]
    if (value === undefined) return []
    const row = rowOf(name, measure)
    // It was waited for no longer.
    if (COMPARED.includes(measure) && value >= PATIENCE_S)
      return [{ row, column: STOCK, value: PATIENCE_S, unit, isNotWithin: true }]
    const stock = figureOf(row, STOCK, unit, [value])
    const own = ours.find((one) => one.row === row && one.column === SEEN)
    if (own === undefined || !COMPARED.includes(measure) || value === 0) return [stock]
    return [stock, ratioOf(row, AGAINST, [own.value], [value])]
  })
}
