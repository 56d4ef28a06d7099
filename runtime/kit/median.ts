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
  const cut = Math.floor(values.length / 4)
  const kept = [...values].sort((one, other) => one - other).slice(cut, values.length - cut)
  return kept.reduce((sum, value) => sum + value, 0) / kept.length
}
