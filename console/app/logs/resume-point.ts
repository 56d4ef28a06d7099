import type { LogLine } from '#contract/apps.ts'

/** Instances print at their own pace: lines of one may arrive so much later than those of another. */
const OVERLAP_MS = 10_000

/** Where a log goes on after a lost connection. */
export interface ResumePoint {
  /** A connection begins: the time to ask from, undefined for the first one. */
  begin(): string | undefined
  /** False for a line that was seen on an earlier connection. */
  isNew(line: LogLine): boolean
}

/** The newest time of an instance, and how many of its lines bear that time. */
interface Seen {
  readonly at: string
  readonly count: number
}

/** Remembers what was seen of each instance, so that lines that come again are told from new ones that look the same. */
export function makeResumePoint(): ResumePoint {
  const newest = new Map<string, Seen>()
  const skip = new Map<string, Seen>()
  const note = ({ instance, at }: LogLine) => {
    const last = newest.get(instance)
    newest.set(instance, { at, count: last?.at === at ? last.count + 1 : 1 })
  }
  const wasSeen = ({ instance, at }: LogLine) => {
    const before = skip.get(instance)
    if (before === undefined || at > before.at) return false
    if (at < before.at) return true
    skip.set(instance, { at, count: before.count - 1 })
    return before.count > 0
  }
  return {
    begin() {
      for (const [instance, seen] of newest) skip.set(instance, seen)
      const last = [...newest.values()].map(({ at }) => Date.parse(at))
      return last.length === 0 ? undefined : new Date(Math.max(...last) - OVERLAP_MS).toISOString()
    },
    isNew(line) {
      if (wasSeen(line)) return false
      note(line)
      return true
    },
  }
}
