import { type Installation, UID } from '#contract/installation.ts'
import { isIpv6 } from '#contract/networks.ts'
import { BGP_PORT, SPEAKER_PORT, type UpstreamAddress, type UpstreamOrders } from '#contract/upstream.ts'

/** An installation's own table about providers; what is in others is never touched. */
export const upstreamTableOf = ({ id }: Pick<Installation, 'id'>) =>
  `maru_upstream_${id.replaceAll(/\W/g, '_')}`

/** The counter of packets that come to an address. */
export const counterOf = (address: UpstreamAddress) => `to_${address.replaceAll(/[.:]/g, '_')}`

/**
 * Nobody knocks where BIRD listens, BIRD speaks to the providers' routers and to nobody else, and what comes to the addresses
 * that have a limit is counted before anything is dropped. Counters go on when the rules are replaced.
 */
export function renderUpstreamFilter(table: string, { sessions, counted }: UpstreamOrders): string {
  const neighbours = [...new Set(sessions.map(({ neighbour }) => neighbour))]
  const addresses = [...new Set(counted.map(({ address }) => address))]
  const at = `inet ${table}`
  const outside = 'iifname != "lo"'
  return `table ${at} {
${addresses.map((address) => `  counter ${counterOf(address)} { }\n`).join('')}}
flush table ${at}
table ${at} {
  chain count {
    type filter hook prerouting priority raw - 150; policy accept;
${addresses.map((address) => `    ${outside} ${isIpv6(address) ? 'ip6' : 'ip'} daddr ${address} counter name "${counterOf(address)}"\n`).join('')}  }
  chain door {
    type filter hook input priority filter - 40; policy accept;
    ${outside} tcp dport ${SPEAKER_PORT} drop
  }
  chain speaker {
    type filter hook output priority filter - 40; policy accept;
${neighbours.length === 0 ? '' : `    meta skuid ${UID.upstream} ip daddr ${setOf(neighbours)} tcp dport ${BGP_PORT} accept\n`}    meta skuid ${UID.upstream} drop
  }
}
`
}

const setOf = (all: readonly string[]) => (all.length === 1 ? all[0] : `{ ${all.join(', ')} }`)
