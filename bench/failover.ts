import type { FaultMeasure } from '#drills/database-fault.ts'
import { LATE, LOST, PATIENCE_S, SILENCE, WHOLE } from '#drills/database-fault.ts'
import type { Benchmark, BenchPlace, Found } from './benchmark.ts'
import { FAULTS, type Fault, type FaultsSeen } from './database-faults.ts'
import { measuredBy, runDrill } from './drill-figures.ts'
import { STILL_MARU, STOCK_TEXT } from './pair-settings.ts'
import { type Figure, figureOf, type Missing, ratioOf, type Unit } from './report.ts'
import { measureStock } from './stock-failover.ts'

const COLUMNS: Readonly<Record<FaultMeasure, readonly [column: string, unit: Unit]>> = {
  [SILENCE]: ['longest time without an acknowledged write', 's'],
  [LOST]: ['acknowledged writes lost', 'writes'],
  [LATE]: ['acknowledged by a second server', 'writes'],
  [WHOLE]: ['until the pair is whole again', 's'],
}
const MEASURES = [SILENCE, LOST, LATE, WHOLE] as const
const AGAINST = 'that time, Maru’s against Patroni’s own'

/** How long the database is away when something happens to the pair, with Maru's settings and with Patroni's own. */
export const failover: Benchmark = {
  name: 'failover',
  title: 'Failover of the database',
  method: `The drills of the database pair, once each: a fault under an app that writes, until writes are acknowledged again and the pair is whole. Then, in the same run, once more with Patroni’s own settings (${STOCK_TEXT}) and with the agent frozen from the fault on, which otherwise gives a dead primary’s lead free; the engine starts containers again in both. ${STILL_MARU} So the ratio of the lead handed over compares Maru with Maru. Where Patroni’s own settings would sit a short fault out, it lasts longer; “not within” says that only the end of the fault ended the silence. A full disk is left to the agent alone, so it has no second row.`,
  measure: async (place) => {
    const faults = place.quick ? FAULTS.slice(0, 1) : FAULTS
    const ours = await measureOurs(place, faults)
    const stock = place.quick ? NOTHING : await measureStock(place, faults)
    return {
      figures: faults.flatMap((fault) => rowsOf(fault, ours.values.get(fault), stock.values.get(fault))),
      missing: [...ours.missing, ...stock.missing],
    } satisfies Found
  },
}

const NOTHING: FaultsSeen = { values: new Map(), missing: [] }

/** As an operator carries them out. */
async function measureOurs(place: BenchPlace, faults: readonly Fault[]): Promise<FaultsSeen> {
  const values = new Map<Fault, Readonly<Record<string, number>>>()
  const missing: Missing[] = []
  for (const fault of faults) {
    const result = await runDrill(place, fault.drill.name)
    if ('what' in result) missing.push({ ...result, what: fault.name })
    else values.set(fault, Object.fromEntries(measuredBy(result).map(({ name, value }) => [name, value])))
  }
  return { values, missing }
}

type Values = Readonly<Record<string, number>> | undefined

/** A row for each kind of settings. Pure. */
export function rowsOf({ name, heldS, stock }: Fault, ours: Values, others: Values): Figure[] {
  const own = figuresOf(name, ours, heldS)
  const other = figuresOf(`${stock?.name ?? name}, Patroni’s own settings`, others, stock?.heldS)
  const [one, against] = [own, other].map((all) => all.find(({ column }) => column === COLUMNS[SILENCE][0]))
  if (one === undefined || against === undefined || one.isNotWithin || against.isNotWithin)
    return [...own, ...other]
  return [...own, ratioOf(name, AGAINST, [one.value], [against.value]), ...other]
}

function figuresOf(row: string, values: Values, heldS = PATIENCE_S): Figure[] {
  return MEASURES.flatMap((measure) => {
    const value = values?.[measure]
    if (value === undefined) return []
    const [column, unit] = COLUMNS[measure]
    // A silence lasts at least as long as the fault that ended it; the pair is waited for no longer than the drills do.
    const endS = measure === SILENCE ? heldS : measure === WHOLE ? PATIENCE_S : Number.POSITIVE_INFINITY
    if (value < endS) return [figureOf(row, column, unit, [value])]
    return [{ row, column, value: endS, unit, isNotWithin: true }]
  })
}
