import { ACCOUNT_LIMITS } from '#contract/accounts.ts'
import { GUARD_LIMITS } from '#contract/guard.ts'
import type { Guesser } from '#platform/edge/index.ts'
import { AGREED } from './agreed.ts'
import { type DoorOrders, isAgreedAtDoor, judged, sourceOf } from './at-door.ts'
import { SIGN_IN_SET, type Wanted } from './ledger.ts'

/** What is known of him, and what follows. */
export interface Judged extends Guesser {
  /** His test was agreed on. */
  readonly agreed: boolean
  /** He is to be held. */
  readonly wanted: Wanted | undefined
  readonly message: string
}

const MINUTES = ACCOUNT_LIMITS.loginWindowS / 60

/** Whom the edge turns away, without those who are never judged: partners and hosts. */
export function judgeGuessers(
  seen: readonly Guesser[],
  orders: DoorOrders,
  hosts: readonly string[],
  now: number,
): Judged[] {
  return judged(seen, orders, hosts).map((one) => judge(one, isAgreedAtDoor(orders, one.address, now)))
}

function judge(one: Guesser, agreed: boolean): Judged {
  const { address, failed, turnedAway, leftS } = one
  const goesOn = turnedAway >= GUARD_LIMITS.turnedAwaySignIns && leftS === 0
  const reason =
    failed === 0
      ? `it went on guessing passwords, ${turnedAway} times within ${MINUTES} minutes`
      : `it failed to sign in ${failed} times within ${MINUTES} minutes, and went on ${turnedAway} times`
  const wanted = goesOn && !agreed ? { set: SIGN_IN_SET, address, reason } : undefined
  return { ...one, agreed, wanted, message: messageOf(one, agreed, wanted !== undefined) }
}

function messageOf({ address, failed, turnedAway, leftS }: Guesser, agreed: boolean, isHeld: boolean) {
  const who = sourceOf(address)
  if (leftS > 0)
    return `${who} guessed passwords and may not sign in for a while; it tried ${turnedAway} times all the same.`
  const times = `${who} failed to sign in ${failed} times within ${MINUTES} minutes, whoever it said to be`
  const then = isHeld
    ? `went on ${turnedAway} times and may not sign in for a while`
    : 'is turned away at the edge'
  return `${times}, and ${then}.${agreed ? AGREED : ''}`
}
