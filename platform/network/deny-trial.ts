import {
  activePolicy,
  NETWORK_LIMITS,
  type NetworkPolicy,
  type NetworkRule,
  parseEnd,
} from '#contract/network.ts'
import type { ServerDeps } from '#runtime/server/handler.ts'
import { isAmong } from './among.ts'
import { refuseMixedVersions } from './same-version.ts'
import { type Db, loadPolicy, pauseRule } from './store.ts'

/** Where somebody works from; undefined where nobody knows. */
export interface Caller {
  readonly address: string | undefined
  /** He says that what is on trial stays so. */
  readonly keeps: boolean
}

/** The address that the server sees, or the one that the caller names. */
export function callerOf(
  source: string,
  { self, keep }: { readonly self?: string | undefined; readonly keep: boolean },
): Caller {
  const seen = source.replace(/^::ffff:/, '')
  // Of an address on a link the kernel tells which link it is, the rules do not.
  return { address: self ?? (seen === 'local' ? undefined : seen.replace(/%.*$/, '')), keeps: keep }
}

/** Doors of the host itself. */
const DOORS: ReadonlySet<string> = new Set(['host', 'edge', 'agent'])

/**
 * Whether a rule may be what lets the caller in: hosts are locked down, and it leads his network, or nobody knows which is
 * his, to a door of a host. One that is on trial is gone by a second word.
 */
export function mayLetIn(
  rule: NetworkRule,
  policy: NetworkPolicy,
  { address, keeps }: Caller,
  now: Date,
): boolean {
  const { lockDown } = activePolicy({ ...policy, rules: [] }, now)
  const from = parseEnd(rule.from)
  const onTrial = rule.pausedUntil !== undefined && new Date(rule.pausedUntil) > now
  if (lockDown === null || (onTrial && keeps) || from?.kind !== 'network' || !DOORS.has(rule.to)) return false
  return address === undefined || isAmong(address, [from.network])
}

/** Takes a rule back on trial where it may be what lets the caller in; undefined where it is none of those. */
export async function pauseWay(
  tx: Db,
  id: string,
  caller: Caller,
  deps: Pick<ServerDeps, 'config' | 'now'>,
): Promise<NetworkRule | undefined> {
  const now = deps.now()
  const policy = await loadPolicy(tx)
  const rule = policy.rules.find((one) => one.id === id)
  if (rule === undefined || !mayLetIn(rule, policy, caller, now)) return undefined
  await refuseMixedVersions(tx, deps)
  const pausedUntil = new Date(now.getTime() + NETWORK_LIMITS.lockDownTrialS * 1000)
  await pauseRule(tx, id, pausedUntil)
  return { ...rule, pausedUntil: pausedUntil.toISOString() }
}
