/** The smallest value that so many percent of the values do not exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  const value = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
  if (value === undefined) throw new Error('no values were measured')
  return value
}

/** Turns with every item in each, the order reversed every time: what changes with time meets all alike. */
export function alternating<T>(items: readonly T[], rounds: number): T[][] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? [...items] : items.toReversed()))
}

/**
 * Between which two of the values the true median lies, in 95 of 100 such measurements at least: whether so many values or more fall on
 * one side is as with a coin. Undefined where there are too few to say (fewer than six).
 */
export function medianWithin(values: readonly number[]): readonly [number, number] | undefined {
  const sorted = [...values].sort((one, other) => one - other)
  const count = sorted.length
  let [below, chance] = [0, 0.5 ** count]
  let sum = chance
  // As many as possible are left out at each end while that is in less than one of forty measurements.
  while (sum <= 0.025) {
    below += 1
    chance *= (count - below + 1) / below
    sum += chance
  }
  const [low, high] = [sorted[below - 1], sorted[count - below]]
  return low === undefined || high === undefined ? undefined : [low, high]
}

/** A value with the turn in which it was measured. */
export interface InTurn {
  readonly round: number
  readonly value: number
}

/** What two have of the turns in which both were measured. */
export function sameTurns(one: readonly InTurn[], other: readonly InTurn[]): [number[], number[]] {
  const of = (all: readonly InTurn[], others: readonly InTurn[]) =>
    all.filter(({ round }) => others.some((each) => each.round === round)).map(({ value }) => value)
  return [of(one, other), of(other, one)]
}
