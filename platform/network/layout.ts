import type { HostAddress } from '#contract/host-identity.ts'
import { addressesOf, type Installation, UID } from '#contract/installation.ts'
import { NETWORK_GROUPS, type NetworkGroup, parseEnd, type RuleEnd } from '#contract/network.ts'

/** Who has an address on the apps' network of this host. */
export interface AppAddress {
  readonly address: string
  readonly app: string
  /** `run` is a one-off command. */
  readonly process: string
}

/** What a host's rules depend on, besides what people have decided. */
export interface NetworkFacts {
  readonly installation: Pick<Installation, 'id' | 'name' | 'subnet' | 'ports'>
  /** Addresses of all hosts, this one included; empty where nobody has joined. */
  readonly hosts: readonly HostAddress[]
  /** Where the others reach this host; undefined where there are none. */
  readonly own: HostAddress | undefined
  /** Addresses that hosts share: whoever holds one answers there as an edge. */
  readonly shared?: readonly HostAddress[]
  /** The other hosts that share an address with this one; undefined where it shares none. */
  readonly sharing?: readonly HostAddress[] | undefined
  /** It serves nobody: there is no edge on it. */
  readonly witness?: boolean
  /** The name servers that the host asks. */
  readonly resolvers: readonly string[]
  /** Addresses at which something stands for a part that is on another host. */
  readonly ways: readonly string[]
  readonly apps: readonly AppAddress[]
}

/** An address, network or range on one of the installation's bridges, and what is there. */
export interface Member {
  readonly bridge: string
  readonly at: string
  /** Groups, as rules name them. */
  readonly groups: readonly string[]
}

/** Networks that are somebody's own: RFC 1918 and 6598. */
export const PRIVATE = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'] as const
/** Where clouds hand out credentials beside a link's own addresses: Alibaba's, and an older one of Oracle's. */
const METADATA = ['100.100.100.200', '192.0.0.192'] as const
/** Nobody's business: this machine, this link with the clouds' metadata, theirs elsewhere, multicast and what is reserved. */
export const NEVER_OF_HOST = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'],
  ...METADATA,
] as const
/** What runs inside: Azure's, too. To a machine it gives its address there, and asks whether it is well. */
export const NEVER = [...NEVER_OF_HOST, '168.63.129.16'] as const
/** Addresses of several clouds' metadata, by which it is tried that they stay shut. */
export const CREDENTIALS = ['169.254.169.254', '100.100.100.200', '168.63.129.16'] as const
/** The metadata over IPv6, Amazon's and Google's: of the host itself, for nothing inside has IPv6. */
export const NEVER_6 = ['fd00:ec2::254', 'fd20:ce::254'] as const

/** Users on the host's own network whose programs have a group. */
export const HOST_USERS: Readonly<Partial<Record<NetworkGroup, number>>> = {
  agent: 0,
  edge: UID.edge,
  mesh: UID.mesh,
}

/** The bridges of an installation with what may send there. */
export const bridgesOf = ({ installation }: Pick<NetworkFacts, 'installation'>) =>
  Object.values(addressesOf(installation).networks).map(({ bridge, subnet }) => ({ bridge, subnet }))

/** Addresses that only rules between groups lead to: the installation's own, and its hosts. */
export const insideOf = ({
  installation,
  hosts,
  shared = [],
}: Pick<NetworkFacts, 'installation' | 'hosts' | 'shared'>): string[] => [
  `${installation.subnet}.0.0/16`,
  ...hosts,
  ...shared,
]

/** Who is at which address. An exact one goes before a whole network. */
export function membersOf(facts: NetworkFacts): Member[] {
  const { networks, etcd, postgres, pgproxy, ...rest } = addressesOf(facts.installation)
  const { data, edge, build, apps } = networks
  const at = (bridge: string, address: string, group: NetworkGroup): Member => ({
    bridge,
    at: address,
    groups: [facts.ways.includes(address) ? 'way' : group],
  })
  const controls = [rest.control, rest['control-2']]
  return [
    ...etcd.map((address) => at(data.bridge, address, 'store')),
    ...postgres.map((address) => at(data.bridge, address, 'database')),
    at(data.bridge, pgproxy.data, 'proxy'),
    at(apps.bridge, pgproxy.apps, 'proxy'),
    ...controls.map((one) => at(data.bridge, one.data, 'control')),
    ...controls.map((one) => at(edge.bridge, one.edge, 'control')),
    ...facts.apps.map(({ address, app, process }) => ({
      bridge: apps.bridge,
      at: address,
      groups: ['apps', `app:${app}`, `app:${app}/${process}`],
    })),
    { bridge: edge.bridge, at: edge.subnet, groups: ['way'] },
    { bridge: build.bridge, at: build.subnet, groups: ['builder'] },
    { bridge: apps.bridge, at: appsRange(facts), groups: ['apps'] },
  ]
}

/** Addresses of instances and one-off commands; below are the platform's own. */
export const appsRange = ({ installation: { subnet } }: Pick<NetworkFacts, 'installation'>): string =>
  `${subnet}.129.0-${subnet}.254.255`

/** What one side of a rule means as the goal of a connection. */
export interface Goal {
  /** A port of the host itself. */
  readonly local: boolean
  /** Only at these of its addresses; undefined: at each. */
  readonly localAt?: readonly string[]
  /** Addresses on the installation's bridges, or of its hosts and name servers. */
  readonly known: readonly string[]
  /** Addresses outside, whatever is the installation's own taken out of them. */
  readonly outside: readonly string[]
  /** Every public address. */
  readonly internet: boolean
}

const NOTHING: Goal = { local: false, known: [], outside: [], internet: false }

/** Where a rule leads to on this host. */
export function goalOf(to: string, facts: NetworkFacts): Goal {
  const end = parseEnd(to)
  // Inside there is IPv4 only: from there nothing leads to an address of IPv6.
  if (end?.kind === 'network') return end.v === '6' ? NOTHING : { ...NOTHING, outside: [end.network] }
  // What a name means is in the kernel's sets only, where the resolver puts what it answers.
  if (end?.kind === 'name') return NOTHING
  if (end?.kind === 'app') return { ...NOTHING, known: addressesOfApp(facts, end) }
  if (end === undefined) return NOTHING
  const others = [...facts.hosts.filter((address) => address !== facts.own), ...(facts.shared ?? [])]
  if (end.group === 'hosts') return { ...NOTHING, known: others }
  if (end.group === 'resolver')
    return { ...NOTHING, local: true, localAt: facts.resolvers, known: facts.resolvers }
  if (end.group === 'names')
    return { ...NOTHING, local: true, localAt: addressesOf(facts.installation).names }
  if (end.group === 'private') return { ...NOTHING, outside: PRIVATE }
  if (end.group === 'internet') return { ...NOTHING, internet: true }
  // Let in, a question would be refused by the machine: whoever asks would learn that nobody listens.
  if (end.group === 'edge' && facts.witness === true) return NOTHING
  if (NETWORK_GROUPS[end.group].where === 'host') return { ...NOTHING, local: true }
  return { ...NOTHING, known: known(end.group, facts) }
}

const addressesOfApp = ({ apps }: NetworkFacts, { app, process }: Extract<RuleEnd, { kind: 'app' }>) =>
  apps
    .filter((one) => one.app === app && (process === null || one.process === process))
    .map(({ address }) => address)

/** A part of the platform keeps its address: where it is elsewhere, a way stands there. */
function known(group: NetworkGroup, facts: NetworkFacts): readonly string[] {
  const members = membersOf({ ...facts, ways: [], apps: [] })
  return members.flatMap(({ at, groups }) => (groups.includes(group) ? [at] : []))
}
