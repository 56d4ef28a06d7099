import type { UpstreamReport } from '#contract/upstream.ts'
import { providersOf, type Refusal, refuseAnnouncing, type UpstreamSnapshot, type Wanted } from './plan.ts'

/** Something that a limit asks for. */
export interface AutomaticAct {
  readonly wanted: Wanted
  readonly minutes: number
  readonly reason: string
  /** Why it is not done. */
  readonly refusal: Refusal | undefined
}

/**
 * What should be announced by itself. `paused`: addresses that a person let through again lately; they are looked at anew when the
 * limit's time is over.
 */
export function planAutomatic(
  snapshot: UpstreamSnapshot,
  above: UpstreamReport['above'],
  paused: ReadonlyArray<{ readonly address: string; readonly endedAt: Date }>,
  now: Date,
): AutomaticAct[] {
  return snapshot.providers.flatMap((provider) => {
    const { automatic, name } = provider
    if (automatic === null) return []
    const { perSecond: limit, forS, minutes, evenLast } = automatic
    const isPaused = (address: string) =>
      paused.some(
        (one) => one.address === address && now.getTime() - one.endedAt.getTime() < minutes * 60_000,
      )
    const due = above.filter(
      (one) =>
        one.limit === limit &&
        one.forS >= forS &&
        !isPaused(one.address) &&
        providersOf(snapshot, one.address).some((brings) => brings.name === name) &&
        !snapshot.dropped.some(
          ({ address, upstream, only }) =>
            only === null && address === one.address && (upstream === null || upstream === name),
        ),
    )
    return due.map(({ address, perSecond, forS: lasted }) => {
      const wanted: Wanted = { address, upstream: name, only: null, evenLast }
      const reason = `${perSecond} packets a second for ${lasted} seconds, above the limit of ${limit}`
      return { wanted, minutes, reason, refusal: refuseAnnouncing(snapshot, wanted) }
    })
  })
}
