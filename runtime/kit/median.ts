/** The middle of the values; the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle]
  if (upper === undefined) throw new Error('no values were measured')
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/**
 * The mean of the middle half of the values: as deaf to the odd one as the median, and steadier, because it hears more of them
 * (the interquartile mean). Of fewer than four, the mean of all.
 */
export function middleMean(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no values were measured')
  return mean(middleHalf(values))
}

/**
 * The standard error of {@link middleMean}: that of the values with the outer ones drawn in to the nearest that counts, divided by
 * the share that counts (J. W. Tukey and D. H. McLaughlin, Sankhyā A 25, 1963). Of fewer than four, that of the mean.
 */
export function middleMeanError(values: readonly number[]): number {
  if (values.length < 2) throw new Error('of fewer than two values nothing is known about their error')
  const kept = middleHalf(values)
  const [least, most] = [kept[0] ?? 0, kept.at(-1) ?? 0]
  const drawnIn = values.map((value) => Math.min(most, Math.max(least, value)))
  const around = mean(drawnIn)
  const variance = drawnIn.reduce((sum, value) => sum + (value - around) ** 2, 0) / (values.length - 1)
  return Math.sqrt(variance / values.length) / (kept.length / values.length)
}

function middleHalf(values: readonly number[]): number[] {
  const cut = Math.floor(values.length / 4)
  return [...values].sort((one, other) => one - other).slice(cut, values.length - cut)
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
