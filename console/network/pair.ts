/** Who asks and whom, as far as they are chosen. */
export interface Pair {
  readonly from: string
  readonly to: string
}

export const NOBODY: Pair = { from: '', to: '' }

/**
 * Who is chosen after somebody was picked: the first asks, the second is asked, a third begins anew, and who is chosen already is
 * let go. `about`: who always asks.
 */
export function picked(pair: Pair, name: string, about?: string): Pair {
  if (about !== undefined) return { from: about, to: name === about || name === pair.to ? '' : name }
  if (name === pair.from) return NOBODY
  if (name === pair.to) return { ...pair, to: '' }
  return pair.from === '' || pair.to !== '' ? { from: name, to: '' } : { ...pair, to: name }
}

/** Whether a flow is what a pair is about: between the two, or all of the one that is chosen. */
export const isOf = (pair: Pair, { from, to }: Pair): boolean =>
  pair.to === '' ? from === pair.from || to === pair.from : from === pair.from && to === pair.to
