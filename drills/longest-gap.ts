import type { Acknowledged } from './write-ledger.ts'

/** Seconds of the longest silence between two acknowledged writes from `fromMs` on; up to `untilMs` if it lasts. */
export function longestGapS(
  acknowledged: ReadonlyArray<Pick<Acknowledged, 'atMs'>>,
  fromMs: number,
  untilMs: number,
): number {
  const times = acknowledged.map(({ atMs }) => atMs).filter((atMs) => atMs > fromMs && atMs < untilMs)
  const marks = [fromMs, ...times.sort((one, other) => one - other), untilMs]
  return Math.max(...marks.slice(1).map((mark, index) => mark - (marks[index] ?? mark))) / 1000
}
