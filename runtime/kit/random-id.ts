import { randomInt } from 'node:crypto'
import { ID_ALPHABET } from '#contract/ids.ts'

/** A random id such as `app_x7k2…`: `length` characters of 31, about 4.95 bits each (default 59 bits). */
export function randomId<T extends string>(prefix: string, length = 12): T {
  const letters = Array.from({ length }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)])
  return `${prefix}_${letters.join('')}` as T
}
