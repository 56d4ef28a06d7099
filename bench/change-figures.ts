import type { LoadSeen } from '#runtime/drivers/https-load.ts'
import type { Figure } from './report.ts'

/** What visitors saw of a change that took so long, all of them together. */
export function figuresOfChange(
  row: string,
  seen: ReadonlyArray<Pick<LoadSeen, 'requests' | 'failed' | 'slowestMs'>>,
  seconds: number,
): Figure[] {
  const sum = (pick: (one: (typeof seen)[number]) => number) =>
    seen.reduce((total, one) => total + pick(one), 0)
  const requests = sum((one) => one.requests)
  const slowest = Math.max(...seen.map(({ slowestMs }) => slowestMs))
  return [
    { row, column: 'failed', value: sum(({ failed }) => failed), unit: 'requests' },
    { row, column: 'of', value: requests, unit: 'requests' },
    { row, column: 'a second', value: Math.round(requests / seconds), unit: 'requests/s' },
    { row, column: 'slowest answer', value: Math.round(slowest), unit: 'ms' },
    { row, column: 'the change took', value: Number(seconds.toFixed(1)), unit: 's' },
  ]
}
