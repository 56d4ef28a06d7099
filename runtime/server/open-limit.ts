import { MaruError } from '#contract/errors.ts'

/** Streams and uploads that one person may have open at a time: each holds memory, disk or a command on the host. */
export const OPEN_AT_ONCE = 64

export interface OpenLimit {
  /** Counts one more for `key` until the answer is called; throws `too_many_open` when there is no room. */
  enter(key: string): () => void
}

/** Counts what is open for each key. */
export function makeOpenLimit(limit: number = OPEN_AT_ONCE): OpenLimit {
  const open = new Map<string, number>()
  return {
    enter(key) {
      const count = open.get(key) ?? 0
      if (count >= limit) throw new MaruError('too_many_open', { limit })
      open.set(key, count + 1)
      let left = false
      return () => {
        if (left) return
        left = true
        const rest = (open.get(key) ?? 1) - 1
        if (rest === 0) open.delete(key)
        else open.set(key, rest)
      }
    },
  }
}
