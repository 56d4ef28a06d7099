import { GUARD_LIMITS } from '#contract/guard.ts'
import { addressesOf, type Installation } from '#contract/installation.ts'

/** From when on the kernel acts on what comes from outside; each with what it leaves alone. */
export const KERNEL_LIMITS = {
  closedPorts: GUARD_LIMITS.closedPorts,
  closedPortsPerHour: 6,
  /**
   * Questions of all for closed ports that are remembered, for an hour. With those at once, and again after the rules were
   * loaded anew, 62,192 of the 65,536 that have room.
   */
  questionsPerSecond: 15,
  questionsAtOnce: 4_096,
  /** Packets to closed ports within a minute, while no room is left to tell ports apart: one that is tried again counts again. */
  pressedPerMinute: 20,
  openPorts: GUARD_LIMITS.otherPorts,
  synPerSecond: GUARD_LIMITS.openingPerSecond,
  synBurst: 2 * GUARD_LIMITS.openingPerSecond,
  synOfAll: GUARD_LIMITS.openingsOfAll,
  datagramsPerSecond: GUARD_LIMITS.datagramsPerSecond,
  datagramsOfAll: 2 * GUARD_LIMITS.datagramsPerSecond,
  pingsPerSecond: GUARD_LIMITS.pingsPerSecond,
  pingsOfAll: 25 * GUARD_LIMITS.pingsPerSecond,
  /** Ports of one destination, or addresses of private networks, that an instance may ask for within a minute. */
  insidePairs: GUARD_LIMITS.instancePorts,
  /** Ports of the host itself that an instance may ask for in vain. */
  insidePorts: 10,
} as const

/** Half-open connections end sooner, and a full queue of them is answered without memory. */
export const FLOOD_SETTINGS = [
  { name: 'net/ipv4/tcp_syncookies', atLeast: 1, value: 1 },
  { name: 'net/netfilter/nf_conntrack_tcp_timeout_syn_recv', atMost: 10, value: 10 },
] as const

/** On the installation's own bridges nobody tells the host of ways: there are no routers but the host itself. */
export const bridgeSettings = (place: Pick<Installation, 'name' | 'subnet'>) =>
  Object.values(addressesOf(place).networks).flatMap(({ bridge }) =>
    ['ipv6/conf/%/accept_ra', 'ipv6/conf/%/accept_redirects', 'ipv4/conf/%/accept_redirects'].map((name) => ({
      ...{ name: `net/${name.replace('%', bridge)}`, atMost: 0, value: 0 },
    })),
  )
