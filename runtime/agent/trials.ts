import { z } from 'zod'
import { NETWORK_LIMITS, type NetworkPolicy, NO_POLICY, trialsIn, withoutTrials } from '#contract/network.ts'
import { readJson, writeFileAtomic } from '#runtime/drivers/files.ts'
import type { MachineClock } from '#runtime/drivers/machine-clock.ts'

/** Knows how long what is on trial is in force here. It needs no control plane, and no time of day. */
export interface Trials {
  /**
   * Notes how long what is on trial may be in force yet; for longer than was noted before it never is. What is noted of the policy
   * before stays, too: the next one may never come into force.
   */
  note(
    policy: NetworkPolicy,
    leftMs: Readonly<Record<string, number>>,
    now: Date,
    before?: NetworkPolicy,
  ): Promise<void>
  /**
   * What of a policy is in force, whatever the time of day is. A trial that was never noted is over, and each is once the machine was
   * started again.
   */
  standing(policy: NetworkPolicy): NetworkPolicy
  /** Whether something in a policy was on trial and is over. */
  areOver(policy: NetworkPolicy): boolean
  /** When the next one is over; infinite where none is on. */
  nextEndMs(): number
}

const LONGEST_MS = NETWORK_LIMITS.lockDownTrialS * 1000
/** Name of a trial → when it is over, by the machine's own clock. */
const Saved = z.strictObject({ run: z.string(), ends: z.record(z.string(), z.number()) })
type Saved = z.infer<typeof Saved>

/** Opens the book in `file`. */
export async function openTrials(file: string, clock: MachineClock): Promise<Trials> {
  const { data: saved } = Saved.safeParse(await readJson(file).catch(() => undefined))
  const found = Object.entries(saved?.run === clock.run ? saved.ends : {})
  // A machine that was set back to an earlier moment says the same start, and an earlier time since.
  const latest = clock.sinceStartMs() + LONGEST_MS
  let ends = new Map(found.map(([name, end]) => [name, Math.min(end, latest)] as const))
  const isOn = (name: string) => (ends.get(name) ?? 0) > clock.sinceStartMs()
  return {
    note: async (policy, leftMs, now, before = NO_POLICY) => {
      const at = clock.sinceStartMs()
      const noted = trialsIn(policy).map(({ name, until }) => {
        // A control plane of a version before says the end only.
        const left = leftMs[name] ?? Date.parse(until) - now.getTime()
        const end = at + Math.max(0, Math.min(left, LONGEST_MS))
        return [name, Math.min(end, ends.get(name) ?? end)] as const
      })
      if (noted.length === 0 && ends.size === 0) return
      const had = trialsIn(before).map(({ name }) => [name, ends.get(name) ?? 0] as const)
      const next = new Map([...had, ...noted])
      const book: Saved = { run: clock.run, ends: Object.fromEntries(next) }
      await writeFileAtomic(file, JSON.stringify(book), { mode: 0o600 })
      ends = next
    },
    standing: (policy) => {
      const over = trialsIn(policy).flatMap(({ name }) => (isOn(name) ? [] : [name]))
      return inForce(withoutTrials(policy, new Set(over)))
    },
    areOver: (policy) => trialsIn(policy).some(({ name }) => !isOn(name)),
    nextEndMs: () => {
      const at = clock.sinceStartMs()
      return Math.min(...[...ends.values()].filter((end) => end > at).map((end) => end - at))
    },
  }
}

/** What is on trial in it is on. */
const inForce = (policy: NetworkPolicy): NetworkPolicy => ({
  ...policy,
  rules: policy.rules.filter(({ pausedUntil }) => pausedUntil === undefined),
  lockDown: policy.lockDown && { ...policy.lockDown, until: null },
})
