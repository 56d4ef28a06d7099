import { ErrorBody } from '#contract/errors.ts'
import { DrillResult } from '#contract/trust.ts'
import type { BenchPlace, Found } from './benchmark.ts'
import { type Figure, figureOf, type Missing } from './report.ts'

/** Exit code of the command line: the drill may not run here. */
const REFUSED = 3

/** Carries out a drill; its result, or why there is none. */
export async function runDrill(
  { maru, say }: BenchPlace,
  drill: string,
  home?: string,
): Promise<DrillResult | Missing> {
  say(drill)
  const where = home === undefined ? [] : ['--home', home]
  const { exitCode, stdout, stderr } = await maru(['drill', 'run', drill, '--json', ...where])
  if (stdout === '') return { what: drill, reason: reasonOf(stderr), failed: exitCode !== REFUSED }
  // Over its limit it ends with 1, and its figures count all the more.
  const result = DrillResult.parse(JSON.parse(stdout))
  const isMeasured = result.measures.every(({ value }) => value !== null)
  return isMeasured ? result : { what: drill, reason: result.result, failed: true }
}

/** What a drill measured. */
export const measuredBy = ({
  measures,
}: DrillResult): Array<DrillResult['measures'][number] & { value: number }> =>
  measures.flatMap(({ value, ...measure }) => (value === null ? [] : [{ ...measure, value }]))

/** What the command line said; a program that died may not have come to say it as JSON. */
function reasonOf(stderr: string): string {
  try {
    return ErrorBody.parse(JSON.parse(stderr)).error.message
  } catch {
    return stderr.trim() || 'it ended without a word'
  }
}

export const SEEN = 'seen'
export const rowOf = (drill: string, measure: string): string => `${drill}: ${measure}`

/** A figure, and beside it what it may be at most. */
export const besideLimit = (seen: Figure, limit: number): Figure[] => [
  seen,
  figureOf(seen.row, 'at most', seen.unit, [limit]),
]

/** What was found of one part and another. */
export const joinFound = (...parts: readonly Found[]): Found => ({
  figures: parts.flatMap(({ figures }) => figures),
  missing: parts.flatMap(({ missing }) => missing),
})

/** The unit of what an attack was: without it nobody can tell what its cost means. */
const STRENGTH = 'packets/s'

/** A row for each measure of a drill, with what it may be at most, and for how strong its attacks were. */
const measuresOf = (result: DrillResult): Figure[] => [
  ...measuredBy(result).flatMap(({ name, value, unit, limit }) =>
    besideLimit(figureOf(rowOf(result.drill, name), SEEN, unit, [value]), limit),
  ),
  ...(result.figures ?? [])
    .filter(({ unit }) => unit === STRENGTH)
    .map(({ name, value, unit }) => figureOf(rowOf(result.drill, name), SEEN, unit, [value])),
]

/** Carries out drills one after the other, whatever becomes of each; a row for each measure of each. */
export async function measureDrills(
  place: BenchPlace,
  drills: readonly string[],
  home?: string,
): Promise<Found> {
  const figures: Figure[] = []
  const missing: Missing[] = []
  for (const drill of drills) {
    const result = await runDrill(place, drill, home)
    if ('what' in result) missing.push(result)
    else figures.push(...measuresOf(result))
  }
  return { figures, missing }
}
