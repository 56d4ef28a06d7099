import { GUARD_LIMITS, type GuardOrders, type HostBlock } from '#contract/guard.ts'
import type { Member } from './members.ts'

/** The sets of the kernel in which it holds who asks for what is none of his business. */
export const KERNEL_SETS = ['held4', 'held6', 'inheld'] as const
/** Whom the edge lets sign in no more. */
export const SIGN_IN_SET = 'signin' as const
export const HOLD_SETS = [...KERNEL_SETS, SIGN_IN_SET] as const
type HoldSet = (typeof HOLD_SETS)[number]

/** Somebody who is held, or was within a day. */
export interface Hold {
  readonly set: HoldSet
  readonly address: string
  /** When the holds of the last day began, the newest last; milliseconds. */
  readonly began: readonly number[]
  readonly until: number
  readonly reason: string
}

export interface Settled {
  readonly holds: readonly Hold[]
  /** What the kernel has to be told. `leftS` 0: it lets go. */
  readonly changes: ReadonlyArray<{
    readonly set: HoldSet
    readonly address: string
    readonly leftS: number
  }>
}

/** Somebody whom the long view found, or who guesses passwords. */
export interface Wanted {
  readonly set?: HoldSet
  readonly address: string
  readonly reason: string
}

const DAY_MS = 86_400_000
const GRADES_S = [GUARD_LIMITS.holdFirstS, GUARD_LIMITS.holdAgainS, GUARD_LIMITS.holdOftenS]
/** The kernel's own time is that of the first grade; less is not worth a change. */
const SLACK_S = 10

const setOf = (address: string): HoldSet => (address.includes(':') ? 'held6' : 'held4')
const keyOf = ({ set, address }: Pick<Hold, 'set' | 'address'>) => `${set} ${address}`

/**
 * Brings together what is remembered and what the kernel has: who is held anew gets the time of his grade, who is
 * remembered but not there (a restart, a reload) is put back with the time that is left, who was let go is taken out.
 */
export function settleHolds(
  remembered: readonly Hold[],
  members: readonly Member[],
  wanted: readonly Wanted[],
  lifted: GuardOrders['lifted'],
  reasonOf: (address: string) => string | undefined,
  now: number,
): Settled {
  const holds = new Map(remembered.filter((hold) => recent(hold, now)).map((hold) => [keyOf(hold), hold]))
  const inKernel = new Map(members.filter(isHold).map((member) => [keyOf(member), member]))
  const released = letGo(holds, lifted, now)
  const found = [
    ...[...inKernel.values()].map(({ set, address }) => ({
      set,
      address,
      reason:
        set === SIGN_IN_SET
          ? 'it guessed passwords'
          : (reasonOf(address) ?? 'it asked for ports that are closed'),
    })),
    ...wanted.map(({ set, address, reason }) => ({ set: set ?? setOf(address), address, reason })),
  ]
  for (const one of found) {
    const key = keyOf(one)
    if (released.has(key) || (holds.get(key)?.until ?? 0) > now) continue
    if (holds.size >= GUARD_LIMITS.blocks) continue
    holds.set(key, begin(one, holds.get(key), now))
  }
  const changes = [...holds.values()]
    .filter(({ until }) => until > now)
    .flatMap((hold) => {
      const leftS = Math.ceil((hold.until - now) / 1_000)
      const has = inKernel.get(keyOf(hold))?.leftS ?? 0
      return leftS - has > SLACK_S ? [{ set: hold.set, address: hold.address, leftS }] : []
    })
  const gone = [...released].flatMap((key) => {
    const member = inKernel.get(key)
    return member === undefined ? [] : [{ set: member.set as HoldSet, address: member.address, leftS: 0 }]
  })
  return { holds: [...holds.values()], changes: [...changes, ...gone] }
}

const recent = ({ began, until }: Hold, now: number) =>
  until > now || began.some((time) => now - time < DAY_MS)
const isHold = (member: Member): member is Member & { set: HoldSet } =>
  (HOLD_SETS as readonly string[]).includes(member.set)

function begin(
  { set, address, reason }: Pick<Hold, 'set' | 'address' | 'reason'>,
  before: Hold | undefined,
  now: number,
): Hold {
  const began = [...(before?.began ?? []).filter((time) => now - time < DAY_MS), now]
  // An instance is looked after by its app's owner: its grade does not grow.
  const grade = set === 'inheld' ? 0 : Math.min(began.length, GRADES_S.length) - 1
  return { set, address, began, until: now + (GRADES_S[grade] ?? 0) * 1_000, reason }
}

/** Forgets who was lifted after his hold began; gives the keys of all that the kernel must not have any more. */
function letGo(holds: Map<string, Hold>, lifted: GuardOrders['lifted'], now: number): Set<string> {
  const released = new Set<string>()
  for (const { source, at } of lifted) {
    for (const set of HOLD_SETS) {
      const key = keyOf({ set, address: source.replace(/\/64$/, '') })
      const hold = holds.get(key)
      const began = hold?.began.at(-1) ?? 0
      if (began > Date.parse(at)) continue
      // Whom the kernel holds within a moment of that is still the one who was meant.
      if (hold === undefined && now - Date.parse(at) > 10_000) continue
      holds.delete(key)
      released.add(key)
    }
  }
  return released
}

const KINDS = { held4: 'held', held6: 'held', inheld: 'instance', signin: 'sign-in' } as const

/** Who is held now, for people. */
export const describeHolds = (holds: readonly Hold[], now: number): HostBlock[] =>
  holds
    .filter(({ until }) => until > now)
    .map(({ set, address, began, until, reason }) => ({
      source: set !== 'inheld' && address.includes(':') ? `${address}/64` : address,
      kind: KINDS[set],
      since: new Date(began.at(-1) ?? now).toISOString(),
      until: new Date(until).toISOString(),
      reason,
      times: began.length,
    }))
