import { ipv4Among } from '#runtime/kit/ipv4.ts'
import { NEVER, PRIVATE } from './layout.ts'

/** What a name server says of a name. */
export type LookUp = (
  name: string,
) => Promise<ReadonlyArray<{ readonly address: string; readonly ttlS: number }>>

/** What the names in rules mean, as the host's name servers say. */
export interface NameBook {
  /** Looks up in the background what is due, and forgets names that no rule speaks of. */
  keep(names: readonly string[], inside: readonly string[]): void
  addresses(): ReadonlyMap<string, readonly string[]>
  /** Names that mean an address that no name may lead to; such addresses are left out. */
  refused(): readonly string[]
}

interface Entry {
  /** Address → until when it counts. */
  readonly seen: Map<string, number>
  dueAt: number
  refused: boolean
}

/** Asked again when an answer ends, though neither every moment nor once a day. */
const AGAIN_MS = { least: 5_000, most: 60_000 } as const
/**
 * An address counts for so long after it was last said: an app's program may have it from an answer that it got before,
 * and a name with many addresses says a few of them each time.
 */
const COUNTS_MS = 3_600_000

/**
 * Keeps the book. `changed` is told when a name means something else than before. Who answers for a name could make it mean an
 * address inside: those are never taken, however often they are said.
 */
export function makeNameBook(lookUp: LookUp, now: () => number, changed: () => void): NameBook {
  const entries = new Map<string, Entry>()
  const ask = async (name: string, entry: Entry, inside: readonly string[]) => {
    const before = [...entry.seen.keys()].join()
    try {
      const answers = await lookUp(name)
      const shut = [...NEVER, ...PRIVATE, ...inside]
      const good = answers.filter(({ address }) => !ipv4Among(address, shut))
      entry.refused = good.length < answers.length
      for (const { address } of good) entry.seen.set(address, now() + COUNTS_MS)
      const ttlMs = Math.min(...answers.map(({ ttlS }) => ttlS * 1000), AGAIN_MS.most)
      entry.dueAt = now() + Math.max(AGAIN_MS.least, ttlMs)
    } catch {
      // What was said last counts on until a server answers again, or it has aged.
      entry.dueAt = now() + AGAIN_MS.least
    }
    for (const [address, until] of entry.seen) if (until <= now()) entry.seen.delete(address)
    if ([...entry.seen.keys()].join() !== before) changed()
  }
  return {
    keep: (names, inside) => {
      for (const name of entries.keys()) if (!names.includes(name)) entries.delete(name)
      for (const name of names) {
        const entry = entries.get(name) ?? { seen: new Map(), dueAt: 0, refused: false }
        entries.set(name, entry)
        if (entry.dueAt > now()) continue
        entry.dueAt = Number.POSITIVE_INFINITY
        void ask(name, entry, inside)
      }
    },
    addresses: () => new Map([...entries].map(([name, { seen }]) => [name, [...seen.keys()].sort()])),
    refused: () => [...entries].flatMap(([name, { refused }]) => (refused ? [name] : [])),
  }
}
