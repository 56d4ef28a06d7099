import type { NetworkRule } from '#contract/network.ts'

/** A set of addresses: written out, or by the name of one of the filter's sets. */
export type Among = readonly string[] | { readonly set: string }

/** A condition on a packet. All of a rule's have to hold. */
export type Match =
  | { readonly kind: 'in' | 'out'; readonly interfaces: readonly string[]; readonly not?: true }
  | { readonly kind: 'ipv4' | 'ipv6' }
  | { readonly kind: 'state'; readonly states: readonly ConnectionState[] }
  | { readonly kind: 'direction'; readonly direction: 'original' | 'reply' }
  /** Who opened the packet's connection, and to whom: the same for every packet of it, both ways. All of one kind, IPv4 or IPv6. */
  | { readonly kind: 'from' | 'to'; readonly among: Among; readonly not?: true }
  /** The packet's own source and target, of IPv4. */
  | { readonly kind: 'source' | 'target'; readonly among: readonly string[]; readonly not?: true }
  | { readonly kind: 'protocol'; readonly protocols: readonly Protocol[] }
  /** Port that the connection was opened to. */
  | { readonly kind: 'ports'; readonly ports: readonly string[] }
  /** The user whose program sends it; nobody where the kernel itself does. */
  | { readonly kind: 'user'; readonly users: readonly number[] }
  /** An ICMP error about a connection that is known. */
  | { readonly kind: 'icmp-error' }
  /** The kernel's own word that nobody listens at a port. */
  | { readonly kind: 'icmp-refusal'; readonly v: '4' | '6' }
  /** Always holds: the kernel counts what has got so far. */
  | { readonly kind: 'counted' }

export type ConnectionState = 'new' | 'established' | 'related' | 'invalid' | 'untracked'
export type Protocol = 'tcp' | 'udp' | 'icmp' | 'ipv6-icmp' | 'vrrp'

export type Verdict =
  | { readonly kind: 'accept' | 'drop' | 'return' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** Goes on in the chain that a map has for who opened the connection; without one, at the next rule. */
  | { readonly kind: 'dispatch'; readonly map: string }
  /** Counts the packet as one of which the rules were asked, and goes on at the next rule. */
  | { readonly kind: 'count' }
  /** Writes down with the connection who asks for names, and goes on at the next rule. */
  | { readonly kind: 'mark'; readonly mark: number }
  /** The same by a table of addresses; an address that is not there changes nothing. */
  | { readonly kind: 'mark-by'; readonly table: typeof ASKERS }

export interface FilterRule {
  readonly match: readonly Match[]
  readonly verdict: Verdict
  readonly comment?: string
}

export interface Chain {
  readonly name: string
  /** Where the kernel begins; what no rule decides there is left to others. */
  readonly hook?: 'input' | 'forward' | 'output'
  readonly rules: readonly FilterRule[]
}

/** Everything that an installation has in the kernel's packet filter. */
export interface Filter {
  readonly table: string
  /** Name → addresses. */
  readonly sets: ReadonlyMap<string, readonly string[]>
  /** Name → address → chain. */
  readonly maps: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** Address → mark of who asks for names there; of those only who may ask for more than everybody. */
  readonly askers: ReadonlyMap<string, number>
  readonly chains: readonly Chain[]
}

/** Name of the table of addresses and marks. */
export const ASKERS = 'askers'

export const ACCEPT: Verdict = { kind: 'accept' }
export const DROP: Verdict = { kind: 'drop' }
export const goto = (chain: string): Verdict => ({ kind: 'goto', chain })

/** The end of what is judged. */
export const NO_RULE: FilterRule = { match: [], verdict: DROP, comment: 'no rule' }

/** The beginning of it. */
export const JUDGED: FilterRule = { match: [], verdict: { kind: 'count' } }

/** Sets that every filter has. */
export const SETS = {
  inside: 'inside',
  never: 'never',
  neverOfHost: 'never_of_host',
  private: 'private',
  hosts: 'hosts',
} as const

/** People's rules are counted, so that one knows which are used; the platform's own are not. */
export const countedIf = ({ builtIn }: Pick<NetworkRule, 'builtIn'>): Match[] =>
  builtIn ? [] : [{ kind: 'counted' }]

/** Protocol and ports of a rule. */
export const portsOf = (protocol: NetworkRule['protocol'], ports: readonly string[]): Match[] => [
  { kind: 'protocol', protocols: [protocol] },
  { kind: 'ports', ports },
]
