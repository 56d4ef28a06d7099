import type { NetworkRuleView } from '#contract/network-api.ts'

/** A rule as it is typed. */
export interface RuleDraft {
  readonly from: string
  readonly to: string
  readonly ports: string
  readonly protocol: 'tcp' | 'udp'
  readonly reason: string
  /** A day such as 2027-01-31, or nothing. */
  readonly until: string
}

export const EMPTY_DRAFT: RuleDraft = {
  from: '',
  to: '',
  ports: '443',
  protocol: 'tcp',
  reason: '',
  until: '',
}

/** What is asked for; whether it can be is the server's to say. A day ends with its last moment. */
export function requestOf({ to, ports, protocol, reason, until }: RuleDraft) {
  return {
    to: to.trim(),
    protocol,
    ports: ports.split(/[\s,]+/).filter((port) => port !== ''),
    reason: reason.trim(),
    ...(until === '' ? {} : { until: `${until}T23:59:59.000Z` }),
  }
}

/** Which field of the form an error is about: `ports.0` is about the ports. */
export const fieldOf = (refused: string | undefined): string | undefined => refused?.split('.')[0]

/** Rules as their table shows them: those that wait first, then what people made, then what is built in; the newest first. */
export function inOrder(rules: readonly NetworkRuleView[]): NetworkRuleView[] {
  const rank = ({ approvedBy, builtIn }: NetworkRuleView) => (approvedBy === null ? 0 : builtIn ? 2 : 1)
  return rules.toReversed().sort((a, b) => rank(a) - rank(b))
}
