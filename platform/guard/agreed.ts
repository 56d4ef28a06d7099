import type { Finding, GuardOrders } from '#contract/guard.ts'
import { overlap, parseNetwork } from '#contract/networks.ts'

type Engagements = Pick<GuardOrders, 'engagements'>

/** What is added to the account of somebody whose test was agreed on. */
export const AGREED = ' It is a test that was agreed on.'

/** Whether a source, an address or a network, has an address in common with one of the networks. */
export function isAmong(source: string, networks: readonly string[]): boolean {
  const own = parseNetwork(source)
  return networks.some((text) => {
    const one = parseNetwork(text)
    return own !== undefined && one !== undefined && overlap(own, one)
  })
}

/** Whether a test of a source was agreed on for that moment. */
export const isAgreed = ({ engagements }: Engagements, source: string, at: number): boolean =>
  isAmong(
    source,
    engagements
      .filter(({ from, until }) => Date.parse(from) <= at && at < Date.parse(until))
      .map((one) => one.source),
  )

/** What somebody does whose test was agreed on is recorded as that, and makes no incident. */
export function asAgreed(orders: Engagements, finding: Finding): Finding {
  // What an app does by itself, and what it gave away, is no part of anybody's test of its doors.
  if (finding.app !== null || !isAgreed(orders, finding.source, finding.at)) return finding
  return {
    ...finding,
    kind: 'engagement',
    severity: 1,
    message: `${finding.message}${AGREED}`,
  }
}
