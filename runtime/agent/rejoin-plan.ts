import type { PatroniMember } from '#runtime/drivers/patroni-client.ts'

/** What is remembered of the members between two looks, in milliseconds of a clock that only runs forward. */
export interface RejoinMemory {
  /** Member → since when it fails. */
  readonly failingSince: ReadonlyMap<string, number>
  /** Member → when it was last made anew. */
  readonly renewedAt: ReadonlyMap<string, number>
}

export interface RejoinPlan {
  /** Members whose data is to be made anew from the primary. */
  readonly renew: readonly string[]
  readonly memory: RejoinMemory
}

export const NOTHING_SEEN: RejoinMemory = { failingSince: new Map(), renewedAt: new Map() }

/** Patroni itself tries first: it starts again, rewinds, and copies where rewinding fails. */
const STUCK_MS = 60_000
/** What waits for WAL without being consistent has no copy to lose, and Patroni does nothing about it. */
const WAITING_MS = 20_000
/** A copy that does not help is not made again and again. */
const PAUSE_MS = 600_000

/** The state of a member that Patroni calls stopped while no program of PostgreSQL does anything with its data. */
export const IDLE = 'stopped for good'

/** The state of a member whose server starts and has come to the end of its WAL without being consistent. */
export const WAITING = 'waiting for WAL'

/**
 * Which members here cannot come back by themselves: they fail to start, run without following the primary or are not even started
 * for a minute, or wait for WAL that nobody sends for a third of one. Only while another member leads, and never one that leads. A member that is
 * starting, stopping, rewinding or copying is at work, however long it takes.
 */
export function planRejoin(
  members: readonly PatroniMember[],
  isHere: (member: string) => boolean,
  before: RejoinMemory,
  nowMs: number,
): RejoinPlan {
  const led = members.some(({ role, state }) => role === 'leader' && state === 'running')
  const failingSince = new Map<string, number>()
  const renewedAt = new Map(before.renewedAt)
  const renew: string[] = []
  for (const { name, role, state } of members) {
    const since = before.failingSince.get(name)
    if (!led || role === 'leader' || !isHere(name)) continue
    if (state === 'starting' && since !== undefined) failingSince.set(name, since)
    if (!isFailing(state)) continue
    failingSince.set(name, since ?? nowMs)
    const last = renewedAt.get(name)
    const patienceMs = state === WAITING ? WAITING_MS : STUCK_MS
    if (nowMs - (since ?? nowMs) < patienceMs || (last !== undefined && nowMs - last < PAUSE_MS)) continue
    renewedAt.set(name, nowMs)
    failingSince.delete(name)
    renew.push(name)
  }
  return { renew, memory: { failingSince, renewedAt } }
}

/** `running` and not `streaming`: it has a server, and that server does not follow anybody. */
const FAILING = ['crashed', 'running', WAITING, IDLE]
const isFailing = (state: string) => FAILING.includes(state) || /\bfailed\b/.test(state)
