/**
 * How long a server rests in maintenance before it is deleted. HAProxy 3.0 frees a deleted server while a request that it has failed may
 * still come back to it, and then writes into what was freed: the worker crashed after some hundred deletions under load, and with
 * the rest it did not (docs/decisions/0040). Such a request is over after a few seconds; the rest is longer than a visitor may be silent.
 */
const REST_MS = 120_000

/** Which servers rest, and since when. */
export interface Rests {
  /** Notes the servers that rest now; gives those that have rested long enough to be deleted. */
  due(resting: readonly string[]): string[]
}

/** `nowMs` is a clock that nobody sets. It knows nothing of before its start: then servers rest anew. */
export function makeRests(nowMs: () => number, restMs = REST_MS): Rests {
  const since = new Map<string, number>()
  return {
    due: (resting) => {
      const now = nowMs()
      for (const server of since.keys()) if (!resting.includes(server)) since.delete(server)
      for (const server of resting) if (!since.has(server)) since.set(server, now)
      return resting.filter((server) => now - (since.get(server) ?? now) >= restMs)
    },
  }
}
