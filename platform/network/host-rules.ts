import { AGENT_PORT, type HostAddress } from '#contract/host-identity.ts'
import { addressesOf, type Installation, UID } from '#contract/installation.ts'

type Place = Pick<Installation, 'id' | 'name' | 'subnet' | 'ports'>

/** Name of an installation's own table: what is in others is never touched. */
export const tableOf = ({ id }: Pick<Installation, 'id'>) => `maru_${id.replaceAll(/\W/g, '_')}`

/** Agents of hosts listen at a port of their own; only other hosts have any business there. */
export interface AgentPorts {
  /** Addresses of all hosts. */
  readonly peers: readonly HostAddress[]
  /** Where this host's own agent listens; undefined where it listens on a socket only. */
  readonly own: HostAddress | undefined
}

const NO_AGENTS: AgentPorts = { peers: [], own: undefined }

/**
 * What containers may reach of the host itself, and of the network that it is in: names (DNS) and the platform's own
 * address. Everything else that listens on the host, such as its ssh, is none of an app's or a build's business; nor
 * are link-local addresses, where clouds hand out the credentials of their machines. And the control plane believes what
 * the edge says about visitors, so on the host only the edge and root may speak to it.
 */
export function renderHostRules(installation: Place, agents: AgentPorts = NO_AGENTS): string {
  const table = `inet ${tableOf(installation)}`
  const { data, edge, build, apps } = addressesOf(installation).networks
  const all = [data, edge, build, apps].map(({ bridge }) => `"${bridge}"`).join(', ')
  const untrusted = [build, apps].map(({ bridge }) => `"${bridge}"`).join(', ')
  const { http, https } = installation.ports
  const { control, controlPort } = addressesOf(installation)
  const peers = `{ ${agents.peers.join(', ')} }`
  const knocking =
    agents.own === undefined
      ? ''
      : `    ip daddr ${agents.own} tcp dport ${AGENT_PORT} iifname != "lo" ${agents.peers.length === 0 ? '' : `ip saddr != ${peers} `}drop\n`
  const outgoing =
    agents.peers.length === 0
      ? ''
      : `    iifname { ${untrusted} } ip daddr ${peers} tcp dport ${AGENT_PORT} drop\n`
  return `table ${table}
delete table ${table}
table ${table} {
  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname { ${all} } jump to_host
${knocking}  }
  chain to_host {
    ct state established,related accept
    meta l4proto { tcp, udp } th dport 53 accept
    tcp dport { ${[...new Set([http, https])].join(', ')} } accept
    drop
  }
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    iifname { ${untrusted} } ip daddr 169.254.0.0/16 drop
${outgoing}  }
  chain output {
    type filter hook output priority filter - 10; policy accept;
    ip daddr ${control.edge} tcp dport ${controlPort} meta skuid != { 0, ${UID.edge} } drop
  }
}
`
}
