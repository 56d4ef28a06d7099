import { isIpv6, isWithin, parseNetwork } from '#contract/networks.ts'
import { ipv4Among } from '#runtime/kit/ipv4.ts'

/** Whether an address is in any of the networks, spans or addresses: those of IPv6 hold none of IPv4, nor the other way round. */
export function isAmong(address: string, among: readonly string[]): boolean {
  if (!isIpv6(address)) {
    return ipv4Among(
      address,
      among.filter((text) => !isIpv6(text)),
    )
  }
  const one = parseNetwork(address)
  return among.filter(isIpv6).some((text) => {
    const other = parseNetwork(text)
    return one !== undefined && other !== undefined && isWithin(one, other)
  })
}
