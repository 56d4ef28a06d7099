import type { HostAddress } from '#contract/host-identity.ts'
import type { AddressDuty } from './plan.ts'

/** Where the duty is done. */
export interface AddressPlace {
  readonly host: string
  /** The host's own address, and the interface that has it. */
  readonly own: HostAddress
  readonly device: string
  /** Where the edge answers. */
  readonly httpsPort: number
}

/**
 * A holder that is silent for three of these is gone. Longer, and visitors whose answer is missing would find out later than after
 * three seconds; shorter, and a host whose processors are busy would be taken for dead.
 */
const SIGN_OF_LIFE_S = 0.4

/** Those who share an address have this number in common. */
const numberOf = (address: HostAddress) => Number(address.split('.').at(-1)) || 255

/**
 * What keepalived reads: VRRP version 3 between the hosts of one data centre by address, never by multicast. Who holds the
 * address keeps it: a host that comes back takes nothing away. The edge is tried as visitors do, by a program that is no
 * shell, as the edge's user and without any right; where it does not answer, the address is not held.
 */
export function renderKeepalived(
  { address, peers, priority, leaving }: AddressDuty,
  { host, own, device, httpsPort }: AddressPlace,
  files: { readonly gaveUp: string },
): string {
  // Whatever came through a router has less: only the same network is heard.
  const heard = peers.map((peer) => `    ${peer} min_ttl 255 max_ttl 255\n`)
  // Without anybody to speak to it would speak to all.
  const nobody = '    127.0.0.1\n'
  return `global_defs {
  router_id ${host}
  vrrp_version 3
  vrrp_garp_master_repeat 3
  vrrp_garp_master_refresh 10
  vrrp_garp_master_refresh_repeat 1
  enable_script_security
  script_user maru-edge maru-edge
}

vrrp_script edge {
  script "/usr/bin/openssl s_client -brief -connect 127.0.0.1:${httpsPort}"
  interval 1
  timeout 5
  fall 2
  rise 2
}

track_file gave_up {
  file "${files.gaveUp}"
  weight 0
}
${leaving ? renderLast(address) : ''}
vrrp_instance address {
  state BACKUP
  nopreempt
  interface ${device}
  virtual_router_id ${numberOf(address)}
  priority ${priority}
  advert_int ${SIGN_OF_LIFE_S}
  check_unicast_src
  unicast_src_ip ${own}
  unicast_ttl 255
  unicast_peer {
${heard.join('') || nobody}  }
  virtual_ipaddress {
    ${address}/32 dev ${device}
  }
  track_script {
    edge
  }
  track_file {
    gave_up
  }
}
`
}

/** What visitors have begun here can only be finished by who still has the address, for nobody but itself. */
const renderLast = (address: HostAddress) => `
static_ipaddress {
  ${address}/32 dev lo scope host
}
`
