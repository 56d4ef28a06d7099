import { z } from 'zod'
import { median } from '#runtime/kit/median.ts'
import { medianWithin } from './statistics.ts'

/** One measured value: where it stands in its table, and every sample that it was made from. */
export const Figure = z.strictObject({
  row: z.string(),
  column: z.string(),
  value: z.number().describe('Median of the samples where there are several'),
  unit: z.string().min(1).max(40).describe('Such as s, ms, MB/s or ×'),
  /** How much more (or less) one thing takes than another. */
  isDifference: z.boolean().optional(),
  /** It had not come to its end by then: the value is how long that was watched. */
  isNotWithin: z.boolean().optional(),
  samples: z.array(z.number()).optional(),
  /** Where the true median is, with a confidence of 95 %. */
  within: z.tuple([z.number(), z.number()]).optional(),
})
export type Figure = z.infer<typeof Figure>
export type Unit = Figure['unit']

/** A part of a benchmark without figures. */
export const Missing = z.strictObject({
  what: z.string(),
  reason: z.string(),
  failed: z.boolean().describe('It was begun and came to nothing; otherwise it may not be begun here'),
})
export type Missing = z.infer<typeof Missing>

/** What one benchmark found, or why it could not look. */
export const BenchResult = z.strictObject({
  name: z.string(),
  title: z.string(),
  method: z.string(),
  figures: z.array(Figure),
  skipped: z.string().nullable().describe('Why there are no figures'),
  missing: z.array(Missing).optional(),
  /** Where it was measured by a run of its own, put into the report of another. */
  apart: z.strictObject({ at: z.iso.datetime(), commit: z.string(), loadBefore: z.number() }).optional(),
})
export type BenchResult = z.infer<typeof BenchResult>

/** The machine on which it was measured, and how busy it was. */
export const Machine = z.strictObject({
  processor: z.string(),
  processors: z.number().int(),
  memoryMb: z.number().int(),
  kernel: z.string(),
  system: z.string(),
  engine: z.string(),
  node: z.string(),
  loadBefore: z.number().describe('Load average of one minute when the run began'),
})
export type Machine = z.infer<typeof Machine>

/** A whole run: docs/performance.json. */
export const BenchReport = z.strictObject({
  at: z.iso.datetime(),
  commit: z.string(),
  quick: z.boolean(),
  seconds: z.number(),
  machine: Machine,
  results: z.array(BenchResult),
})
export type BenchReport = z.infer<typeof BenchReport>

/** A report in which the results of a run of single parts stand in place of the older ones. Pure. */
export function mergeReports(whole: BenchReport, parts: BenchReport): BenchReport {
  const { at, commit, machine } = parts
  const apart = { at, commit, loadBefore: machine.loadBefore }
  const fresh = new Map(parts.results.map((result) => [result.name, { ...result, apart }]))
  const kept = whole.results.map((result) => fresh.get(result.name) ?? result)
  const names = new Set(whole.results.map(({ name }) => name))
  return { ...whole, results: [...kept, ...[...fresh.values()].filter(({ name }) => !names.has(name))] }
}

/** Four digits are more than any of these measurements can tell. */
const round = (value: number) => Number(value.toPrecision(4))

/** A figure made from samples: their median. */
export const figureOf = (row: string, column: string, unit: Unit, samples: readonly number[]): Figure => ({
  row,
  column,
  value: round(median(samples)),
  unit,
  samples: samples.map(round),
})

/** The same with what the median lies within, where the samples are enough to say: for what a goal is held against. */
export function figureWithin(row: string, column: string, unit: Unit, samples: readonly number[]): Figure {
  const within = medianWithin(samples)
  const figure = figureOf(row, column, unit, samples)
  return within === undefined ? figure : { ...figure, within: [round(within[0]), round(within[1])] }
}

/**
 * How many times as large one is as the other: turn by turn, because a machine that is slower for a while is so for both, and the
 * median of that.
 */
export function ratioOf(
  row: string,
  column: string,
  one: readonly number[],
  other: readonly number[],
): Figure {
  if (one.length !== other.length) throw new Error(`${row}: ${one.length} samples against ${other.length}`)
  const ratios = one.map((value, turn) => value / (other[turn] ?? Number.NaN))
  return figureWithin(row, column, '×', ratios)
}

/** How much larger the median of one is than that of the other. */
export const differenceOf = (
  row: string,
  column: string,
  unit: Unit,
  one: readonly number[],
  other: readonly number[],
): Figure => ({ row, column, value: round(median(one) - median(other)), unit, isDifference: true })
