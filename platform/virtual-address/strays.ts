import type { HostAddress } from '#contract/host-identity.ts'
import type { Installation } from '#contract/installation.ts'
import type { AddressDuty } from './plan.ts'
import type { AddressPlace } from './render.ts'

/** Name of the tables (family ip, and arp) that are there while a host of the data centre is being emptied. */
export const strayTableOf = ({ id }: Pick<Installation, 'id'>) => `maru_${id.replaceAll(/\W/g, '_')}_address`

/** A script for each family that has such a table. */
export interface StrayTables {
  readonly ip?: string
  readonly arp?: string
}
export const NO_STRAYS: StrayTables = {}

/** In the middle of a connection that nobody here knows: only the listener would be found for it. */
const strayAt = (address: HostAddress) =>
  `ip daddr ${address} tcp flags & (fin|syn|rst|ack) != syn socket wildcard 1`

const replacing = (family: 'ip' | 'arp', table: string, body: string) =>
  `table ${family} ${table}
delete table ${family} ${table}
table ${family} ${table} {
${body}}
`

const beforeAll = (rule: string) => `  chain strays {
    type filter hook prerouting priority raw; policy accept;
    ${rule}
  }
`

/**
 * While a host is being emptied the address is elsewhere, and what visitors have begun with it is not: who has the address hands
 * what belongs to connections that it does not know to the host that is being emptied, instead of ending them. None
 * where there is nobody to hand to.
 */
export function renderForPeers(
  table: string,
  { address, leavingPeers }: Pick<AddressDuty, 'address' | 'leavingPeers'>,
  { device }: Pick<AddressPlace, 'device'>,
): StrayTables {
  if (leavingPeers.length === 0) return NO_STRAYS
  const copies = leavingPeers.map((peer) => `dup to ${peer} device "${device}"`).join(' ')
  return { ip: replacing('ip', table, beforeAll(`${strayAt(address)} ${copies} drop`)) }
}

/**
 * On the host that has given the address up and still has it for itself: it does not say so to its neighbours, and does not end
 * connections that may be those of another.
 */
export const renderForLeaving = (
  table: string,
  { address }: Pick<AddressDuty, 'address'>,
  { own }: Pick<AddressPlace, 'own'>,
): StrayTables => ({
  ip: replacing('ip', table, beforeAll(`${strayAt(address)} drop`)),
  arp: replacing(
    'arp',
    table,
    `  chain asked {
    type filter hook input priority filter; policy accept;
    arp operation request arp daddr ip ${address} drop
  }
  chain asking {
    type filter hook output priority filter; policy accept;
    arp saddr ip ${address} arp saddr ip set ${own}
  }
`,
  ),
})
