import { randomInt } from 'node:crypto'

/** At most `size` of them; each has the same chance. */
export function sample<T>(all: readonly T[], size: number): T[] {
  const rest = [...all]
  const chosen: T[] = []
  while (chosen.length < size && rest.length > 0) chosen.push(...rest.splice(randomInt(rest.length), 1))
  return chosen
}
