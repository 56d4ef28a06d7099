import { MESH_PORT, PEER_PORT } from '#contract/fleet.ts'
import { AGENT_PORT, type HostAddress } from '#contract/host-identity.ts'
import { addressesOf, type Installation, UID } from '#contract/installation.ts'

type Place = Pick<Installation, 'id' | 'name' | 'subnet' | 'ports'>

/** Name of an installation's own table: what is in others is never touched. */
export const tableOf = ({ id }: Pick<Installation, 'id'>) => `maru_${id.replaceAll(/\W/g, '_')}`

/** Hosts answer each other at ports of their own; nobody else has any business there. */
export interface HostPorts {
  /** Addresses of all hosts. */
  readonly peers: readonly HostAddress[]
  /** Where this host is reached by the others; undefined where there are none. */
  readonly own: HostAddress | undefined
  /** The others that share an address with this one, where it shares one: they alone may say who holds it. */
  readonly sharing?: readonly HostAddress[]
}

/** Agents, edges, and everything else that hosts ask each other for. */
const BETWEEN_HOSTS = [AGENT_PORT, PEER_PORT, MESH_PORT].sort((a, b) => a - b).join(', ')

const NO_HOSTS: HostPorts = { peers: [], own: undefined }

/**
 * What containers may reach of the host itself, and of the network that it is in: names (DNS) and the platform's own
 * address. Everything else that listens on the host, such as its ssh, is none of an app's or a build's business; nor
 * are link-local addresses, where clouds hand out the credentials of their machines. And the control plane believes what
 * the edge says about visitors, so on the host only the edge and root may speak to it.
 */
export function renderHostRules(installation: Place, others: HostPorts = NO_HOSTS): string {
  const table = `inet ${tableOf(installation)}`
  const { data, edge, build, apps } = addressesOf(installation).networks
  const all = [data, edge, build, apps].map(({ bridge }) => `"${bridge}"`).join(', ')
  const untrusted = [build, apps].map(({ bridge }) => `"${bridge}"`).join(', ')
  const { http, https } = installation.ports
  const { control, 'control-2': second, controlPort } = addressesOf(installation)
  const peers = `{ ${others.peers.join(', ')} }`
  const knocking =
    others.own === undefined
      ? ''
      : `    ip daddr ${others.own} tcp dport { ${BETWEEN_HOSTS} } iifname != "lo" ${others.peers.length === 0 ? '' : `ip saddr != ${peers} `}drop\n`
  const outgoing =
    others.peers.length === 0
      ? ''
      : `    iifname { ${untrusted} } ip daddr ${peers} tcp dport { ${BETWEEN_HOSTS} } drop\n`
  const { own, sharing } = others
  const strangers = sharing?.length ? `ip saddr != { ${sharing.join(', ')} } ` : ''
  // VRRP proves nothing by itself: whoever may speak it can take the address.
  const vrrp = own && sharing ? `    ip daddr ${own} meta l4proto vrrp ${strangers}drop\n` : ''
  return `table ${table}
delete table ${table}
table ${table} {
  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname { ${all} } jump to_host
${knocking}${vrrp}  }
  chain to_host {
    ct state established,related accept
    meta l4proto { tcp, udp } th dport 53 accept
    tcp dport { ${[...new Set([http, https])].join(', ')} } accept
    drop
  }
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    iifname { ${untrusted} } ip daddr 169.254.0.0/16 drop
    iifname { ${untrusted} } meta l4proto vrrp drop
${outgoing}  }
  chain output {
    type filter hook output priority filter - 10; policy accept;
    ip daddr { ${control.edge}, ${second.edge} } tcp dport ${controlPort} meta skuid != { 0, ${UID.edge}, ${UID.mesh} } drop
  }
}
`
}
