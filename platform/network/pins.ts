import { isNameSet, nameOfSet, nameSet, PIN_TURNS, type PinTurn } from './classes.ts'

const SET = /^\tset (\S+) \{\n([\s\S]*?)^\t\}$/gm
const ELEMENTS = /^\t\telements = \{([^}]*)\}\n/m

/** Set of a name → the addresses that the resolver has put there, as the kernel shows the table. */
export function pinsIn(shown: string): ReadonlyMap<string, readonly string[]> {
  const sets = [...shown.matchAll(SET)].filter(([, set = '']) => isNameSet(set))
  return new Map(
    sets.map(([, set = '', body = '']) => {
      const elements = ELEMENTS.exec(body)?.[1] ?? ''
      return [set, elements.split(',').flatMap((one) => one.trim() || [])]
    }),
  )
}

/** What the kernel shows without what the resolver may change at any moment. */
export const withoutPins = (shown: string | undefined): string | undefined =>
  shown?.replaceAll(SET, (text, set: string) => (isNameSet(set) ? text.replace(ELEMENTS, '') : text))

/** So long an address counts at least after it was answered last, and at most twice as long: programs keep answers. */
export const PIN_MS = 3_600_000

/** Whose turn it is to be emptied, and what is emptied then. */
export interface PinAges {
  due(now: number): PinTurn | undefined
  emptied(turn: PinTurn, now: number): void
}

/** One of two sets is emptied each hour: what was answered within the hour before is in the other. */
export function makePinAges(start: number): PinAges {
  let [last, at]: [PinTurn, number] = [PIN_TURNS[1], start]
  return {
    due: (now) => (now - at < PIN_MS ? undefined : PIN_TURNS.find((turn) => turn !== last)),
    emptied: (turn, now) => {
      last = turn
      at = now
    },
  }
}

/** The sets of a turn that are among those. */
export const setsOfTurn = (turn: PinTurn, sets: Iterable<string>): string[] =>
  [...sets].filter((set) => set.startsWith(nameSet(turn, '')))

/** So many addresses may have been answered for one name; more are not let through. */
export const PINS = 65_536

/** Names for which no more addresses can be let through. */
export const fullNames = (pins: ReadonlyMap<string, readonly string[]>, room = PINS): string[] =>
  [...new Set([...pins].flatMap(([set, all]) => (all.length < room ? [] : nameOfSet(set))))].sort()
