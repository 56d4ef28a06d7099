/** Addresses of both kinds. `source` is what counts as one sender, `address` the address itself. */
export interface Family {
  readonly v: '4' | '6'
  readonly type: 'ipv4_addr' | 'ipv6_addr'
  readonly source: string
  readonly address: string
}

export const FAMILIES: readonly Family[] = [
  { v: '4', type: 'ipv4_addr', source: 'ip saddr', address: 'ip saddr' },
  { v: '6', type: 'ipv6_addr', source: 'ip6 saddr & ffff:ffff:ffff:ffff::', address: 'ip6 saddr' },
]

/** A set that packets fill. */
const filled = (name: string, type: string, timeout: string, size: number) =>
  `  set ${name} { type ${type}; flags dynamic,timeout; timeout ${timeout}; size ${size}; }\n`
/** A set of networks that the agent fills. */
const given = (name: string, type: string) => `  set ${name} { type ${type}; flags interval,timeout; }\n`

const setsOf = ({ v, type }: Family) =>
  [
    given(`partner${v}`, type),
    given(`engaged${v}`, type),
    given(`blocked${v}`, type),
    filled(`held${v}`, type, '10m', 65_536),
    filled(`proven${v}`, `${type} . inet_service`, '1d', 262_144),
    filled(`probed${v}`, `${type} . inet_proto . inet_service`, '1h', 65_536),
    filled(`denied${v}`, type, '1h', 65_536),
    filled(`visited${v}`, `${type} . inet_service`, '1m', 65_536),
    filled(`many${v}`, type, '1m', 65_536),
    filled(`syn${v}`, type, '10s', 65_536),
  ].join('')

/** Every set, in which the kernel and the agent remember. */
export const renderSets = () =>
  `${FAMILIES.map(setsOf).join('')}  set open { type inet_proto . inet_service; }
${[
  filled('inheld', 'ipv4_addr', '10m', 16_384),
  filled('inprobed', 'ipv4_addr . inet_proto . inet_service', '1h', 65_536),
  filled('indenied', 'ipv4_addr', '1h', 16_384),
  filled('inseen', 'ipv4_addr . ipv4_addr . inet_service', '1m', 65_536),
  filled('inports', 'ipv4_addr . ipv4_addr', '1m', 65_536),
  filled('inswept', 'ipv4_addr . ipv4_addr', '1m', 65_536),
  filled('insweeps', 'ipv4_addr', '1m', 16_384),
].join('')}`
