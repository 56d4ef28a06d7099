import type { InstanceReport, Traffic } from '#contract/agent.ts'

/** An instance on a host, with what its host says about it now. */
export interface Resident {
  /** Names the instance; on the way from one host to another it is on both. */
  readonly key: string
  readonly host: string
  readonly process: string
  readonly traffic: Traffic
  readonly placedAt: Date
  /** Since when another host takes it over; null where it stays. */
  readonly leavingSince: Date | null
  /** Undefined where its host is silent, or does not have it. */
  readonly found: InstanceReport | undefined
  /** Its host is lost, or not a host of the installation any more. */
  readonly isLost: boolean
}

/** What is done with one of the two. `stay` takes a move back. */
export interface MoveStep {
  readonly key: string
  readonly host: string
  readonly kind: 'stay' | 'drain' | 'end'
}

export interface Patience {
  readonly now: Date
  readonly healthyS: number
  readonly drainS: number
  /** Every edge that is heard has done what is wanted: nobody leads to what is on its way out. */
  readonly isSettled: boolean
}

/**
 * How moves under way go on: the new instance becomes healthy, the old one gets no more requests, ends those that it has
 * and goes. When either of the two is lost, the other one is the instance.
 */
export function planMoves(residents: readonly Resident[], patience: Patience): MoveStep[] {
  const byKey = Map.groupBy(residents, ({ key }) => key)
  return residents
    .filter(({ leavingSince }) => leavingSince !== null)
    .flatMap((old) => {
      const next = byKey.get(old.key)?.find(({ leavingSince }) => leavingSince === null)
      return next === undefined ? [step(old, 'stay')] : goOn(old, next, patience)
    })
}

const step = ({ key, host }: Resident, kind: MoveStep['kind']): MoveStep => ({ key, host, kind })

function goOn(old: Resident, next: Resident, patience: Patience): MoveStep[] {
  if (old.isLost) return [step(old, 'end')]
  if (next.isLost) return [step(next, 'end'), step(old, 'stay')]
  if (old.traffic === 'drain') return hasEnded(old, patience) ? [step(old, 'end')] : []
  if (next.found?.state === 'healthy') return [step(old, old.process === 'web' ? 'drain' : 'end')]
  const isLate = since(next.placedAt, patience) > patience.healthyS
  return isLate ? [step(next, 'end'), step(old, 'stay')] : []
}

function hasEnded({ found, leavingSince }: Resident, patience: Patience): boolean {
  if (leavingSince !== null && since(leavingSince, patience) > patience.drainS) return true
  return patience.isSettled && found?.openRequests === 0
}

const since = (time: Date, { now }: Patience) => (now.getTime() - time.getTime()) / 1000
