import { ipv4Among } from '#runtime/kit/ipv4.ts'
import { canBeAsked } from './askers.ts'
import { NEVER, PRIVATE } from './layout.ts'

/** What a name server says of a name. */
export type LookUp = (name: string) => Promise<readonly string[]>

/** Which names in rules help nobody, because they mean an address to which no name may lead. */
export interface NameWatch {
  /** Looks up in the background what is due, and forgets names that no rule speaks of. */
  keep(names: readonly string[], inside: readonly string[]): void
  refused(): readonly string[]
}

interface Entry {
  dueAt: number
  refused: boolean
}

/** It is for people to read: the resolver looks for itself at each answer. */
const AGAIN_MS = 60_000

/** Asks the host's name servers as the resolver does. */
export function watchNames(lookUp: LookUp, now: () => number): NameWatch {
  const entries = new Map<string, Entry>()
  const ask = async (name: string, entry: Entry, inside: readonly string[]) => {
    try {
      const answers = await lookUp(name)
      entry.refused = answers.some((address) => ipv4Among(address, [...NEVER, ...PRIVATE, ...inside]))
    } catch {
      // Nobody answered: what was known last is told on.
    }
    entry.dueAt = now() + AGAIN_MS
  }
  return {
    keep: (names, inside) => {
      for (const name of entries.keys()) if (!names.includes(name)) entries.delete(name)
      for (const name of names) {
        const entry = entries.get(name) ?? { dueAt: 0, refused: !canBeAsked(name) }
        entries.set(name, entry)
        if (entry.dueAt > now() || !canBeAsked(name)) continue
        entry.dueAt = Number.POSITIVE_INFINITY
        void ask(name, entry, inside)
      }
    },
    refused: () => [...entries].flatMap(([name, { refused }]) => (refused ? [name] : [])),
  }
}
