import { isActive, isOnTrial, parseEnd } from '#contract/network.ts'
import type { NetworkRuleView } from '#contract/network-api.ts'
import { elapsed } from '#runtime/kit/human-units.ts'

/** How much of a trial is left. */
export const leftMs = (until: string, now: Date) => Math.max(0, Date.parse(until) - now.getTime())

/** Whether it is one of those that are looked at: of an app, that is its own, and not what every app may. */
export function isOf({ from }: Pick<NetworkRuleView, 'from'>, app: string | undefined): boolean {
  const end = parseEnd(from)
  return app === undefined || (end?.kind === 'app' && end.app === app)
}

/** A rule's state in a word or two. */
export function stateOf(rule: NetworkRuleView, now: Date): string {
  if (rule.builtIn) return 'built in'
  if (isOnTrial(rule, now)) return 'on trial'
  if (!isActive(rule, now)) return 'ended'
  return rule.approvedBy === null ? 'waits' : 'allowed'
}

/** Until when it stands; on trial, when it stands again. */
export function untilText(rule: NetworkRuleView, now: Date): string {
  const { builtIn, until, pausedUntil } = rule
  if (pausedUntil !== undefined && isOnTrial(rule, now))
    return `taken back; stands again in ${elapsed(leftMs(pausedUntil, now))}`
  if (until !== null) return `${until.slice(0, 16).replace('T', ' ')} UTC`
  return builtIn ? '–' : 'it is taken back'
}
