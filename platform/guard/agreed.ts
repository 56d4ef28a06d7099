import type { Finding, GuardOrders } from '#contract/guard.ts'
import { overlap, parseNetwork } from '#contract/networks.ts'

/** What somebody does whose test was agreed on is recorded as that, and makes no incident. */
export function asAgreed({ engagements }: Pick<GuardOrders, 'engagements'>, finding: Finding): Finding {
  const source = parseNetwork(finding.source)
  const isAgreed = engagements.some((one) => {
    const agreed = parseNetwork(one.source)
    const isWithin = Date.parse(one.from) <= finding.at && finding.at < Date.parse(one.until)
    return isWithin && source !== undefined && agreed !== undefined && overlap(agreed, source)
  })
  // What an app does by itself, and what it gave away, is no part of anybody's test of its doors.
  if (!isAgreed || finding.app !== null) return finding
  return {
    ...finding,
    kind: 'engagement',
    severity: 1,
    message: `${finding.message} It is a test that was agreed on.`,
  }
}
