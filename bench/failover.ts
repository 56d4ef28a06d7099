import { ErrorBody } from '#contract/errors.ts'
import { DrillResult } from '#contract/trust.ts'
import type { Benchmark } from './benchmark.ts'
import { BenchResult, type Figure, figureOf } from './report.ts'

const ROUNDS = 3
/** Exit code of the command line: the drill may not run here. */
const REFUSED = 3
const DRILL = 'database-primary-dies'
const UNITS = BenchResult.shape.figures.element.shape.unit

/** How long the database is away when its primary dies. */
export const failover: Benchmark = {
  name: 'failover',
  title: 'Failover of the database',
  method: `The drill \`${DRILL}\`, several times: kill -9 of the primary’s server under an app that writes, until writes are acknowledged again and the old primary has come back.`,
  measure: async ({ maru, quick, say }) => {
    const results: DrillResult[] = []
    for (let round = 1; round <= (quick ? 1 : ROUNDS); round++) {
      say(`round ${round}`)
      const { exitCode, stdout, stderr } = await maru(['drill', 'run', DRILL, '--json'])
      if (exitCode === REFUSED) return { skipped: ErrorBody.parse(JSON.parse(stderr)).error.message }
      // Over its limit it ends with 1, and its figures count all the more.
      if (stdout === '') throw new Error(`the drill ended with ${exitCode}: ${stderr.trim()}`)
      results.push(DrillResult.parse(JSON.parse(stdout)))
    }
    return figuresOf(results)
  },
}

/** Each measure of the drill: the median, and the worst, which counts. */
export function figuresOf(results: readonly DrillResult[]): Figure[] {
  const measures = results[0]?.measures ?? []
  return measures.flatMap(({ name, unit }) => {
    const values = results.flatMap((result) =>
      result.measures.filter((measure) => measure.name === name).map(({ value }) => value),
    )
    const known = UNITS.parse(unit)
    return [figureOf(name, 'median', known, values), figureOf(name, 'worst', known, [Math.max(...values)])]
  })
}
