import type { Acknowledged } from './write-ledger.ts'

/** Seconds of the longest silence between two acknowledged writes from `fromMs` on; up to `untilMs` if it lasts. */
export function longestGapS(
  acknowledged: ReadonlyArray<Pick<Acknowledged, 'atMs'>>,
  fromMs: number,
  untilMs: number,
): number {
  const times = acknowledged.map(({ atMs }) => atMs).filter((atMs) => atMs > fromMs && atMs < untilMs)
  const marks = [fromMs, ...times.sort((one, other) => one - other), untilMs]
  // Hours of writing are more than a call can have as arguments.
  return (
    marks.reduce((longest, mark, index) => Math.max(longest, mark - (marks[index - 1] ?? mark)), 0) / 1000
  )
}
