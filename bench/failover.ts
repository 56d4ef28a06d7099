import type { DrillResult } from '#contract/trust.ts'
import { LATE, LOST, SILENCE, WHOLE } from '#drills/database-fault.ts'
import type { Benchmark } from './benchmark.ts'
import { runDrill } from './drill-figures.ts'
import { type Figure, figureOf, type Unit } from './report.ts'
import { measureStock, type StockFault } from './stock-failover.ts'

const DRILLS: ReadonlyArray<readonly [drill: string, fault: string]> = [
  ['database-primary-dies', 'kill -9 of the primary’s server'],
  ['database-container-dies', 'kill -9 of the primary’s container'],
  ['database-primary-freezes', 'primary frozen for 10 s'],
  ['database-primary-cut-off', 'primary cut off for 12 s'],
  ['database-primary-cannot-write', 'primary cannot write'],
  ['database-standby-dies', 'standby lost'],
]
const COLUMNS: Readonly<Record<string, readonly [column: string, unit: Unit]>> = {
  [SILENCE]: ['longest time without an acknowledged write', 's'],
  [LOST]: ['acknowledged writes lost', 'writes'],
  [LATE]: ['acknowledged by a second server', 'writes'],
  [WHOLE]: ['until the pair is whole again', 's'],
}

/** How long the database is away when something happens to the pair, with Maru's settings and with Patroni's own. */
export const failover: Benchmark = {
  name: 'failover',
  title: 'Failover of the database',
  method:
    'The drills of the database pair, once each: a fault under an app that writes, until writes are acknowledged again and the pair is whole. Then two faults once more with Patroni’s own settings (ttl 30, loop_wait 10, retry_timeout 10) and without the agent, which otherwise gives a dead primary’s lead free; there the primary is cut off for 60 s, because 12 s would be over before anything happens.',
  measure: async (place) => {
    const measured: Figure[] = []
    for (const [drill, fault] of place.quick ? DRILLS.slice(0, 1) : DRILLS) {
      const result = await runDrill(place, drill)
      if ('skipped' in result) return result
      measured.push(...figuresOf(fault, result))
    }
    if (place.quick) return measured
    const stock = await measureStock(place)
    return [...measured, ...stock.flatMap(figuresOfStock)]
  },
}

/** A row for each fault. */
const figuresOf = (fault: string, { measures }: DrillResult): Figure[] =>
  measures.flatMap(({ name, value }) => {
    const [column, unit] = COLUMNS[name] ?? []
    return column === undefined || unit === undefined ? [] : [figureOf(fault, column, unit, [value])]
  })

const figuresOfStock = ({ fault, values }: StockFault): Figure[] =>
  Object.entries(values).flatMap(([name, value]) => {
    const [column, unit] = COLUMNS[name] ?? []
    return column === undefined || unit === undefined
      ? []
      : [figureOf(`${fault}, Patroni’s own settings`, column, unit, [value])]
  })
