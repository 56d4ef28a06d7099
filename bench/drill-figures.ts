import { ErrorBody } from '#contract/errors.ts'
import { DrillResult } from '#contract/trust.ts'
import type { BenchPlace, Skipped } from './benchmark.ts'
import { type Figure, figureOf } from './report.ts'

/** Exit code of the command line: the drill may not run here. */
const REFUSED = 3

/** Carries out a drill; its result, or why it may not run here. */
export async function runDrill(
  { maru, say }: BenchPlace,
  drill: string,
  home?: string,
): Promise<DrillResult | Skipped> {
  say(drill)
  const where = home === undefined ? [] : ['--home', home]
  const { exitCode, stdout, stderr } = await maru(['drill', 'run', drill, '--json', ...where])
  if (exitCode === REFUSED) return { skipped: ErrorBody.parse(JSON.parse(stderr)).error.message }
  // Over its limit it ends with 1, and its figures count all the more.
  if (stdout === '') throw new Error(`${drill} ended with ${exitCode}: ${stderr.trim()}`)
  return DrillResult.parse(JSON.parse(stdout))
}

/** A row for each measure of a drill, with what it may be at most. */
const measuresOf = ({ drill, measures }: DrillResult): Figure[] =>
  measures.flatMap(({ name, value, unit, limit }) => [
    figureOf(`${drill}: ${name}`, 'seen', unit, [value]),
    figureOf(`${drill}: ${name}`, 'at most', unit, [limit]),
  ])

/** Carries out drills one after the other; a row for each measure of each. */
export async function measureDrills(
  place: BenchPlace,
  drills: readonly string[],
  home?: string,
): Promise<Figure[] | Skipped> {
  const figures: Figure[] = []
  for (const drill of drills) {
    const result = await runDrill(place, drill, home)
    if ('skipped' in result) return result
    figures.push(...measuresOf(result))
  }
  return figures
}
