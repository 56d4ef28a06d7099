/**
 * So far ahead of what is wanted a host is believed to be: a hundred days of a generation each second, more than any backup is old that
 * somebody restores. Whoever has taken a host over and asks for such a step twice a second needs fourteen years to the end of the
 * numbers.
 */
export const FURTHEST_AHEAD = 10_000_000

/** Whether a host can have the generation that it says it has instead of the one that is wanted. */
export const isBelievable = (have: number, wanted: number): boolean =>
  Number.isSafeInteger(have) && have > wanted && have - wanted <= FURTHEST_AHEAD

/** What people are told of a host that says it has another. */
export const describeRefusal = (have: number): string =>
  `It refuses what it should run and says that it has generation ${have}, which cannot be. It gets nothing new. Look who is on this machine; \`maru host remove\` with \`--lost\` takes it out.`
