/** Addresses of both kinds. `source` is what counts as one sender, `address` the sender's address itself, `asked` whom it asks. */
export interface Family {
  readonly v: '4' | '6'
  readonly source: string
  readonly address: string
  readonly asked: string
}

export const FOUR: Family = { v: '4', source: 'ip saddr', address: 'ip saddr', asked: 'ip daddr' }
export const SIX: Family = {
  v: '6',
  source: 'ip6 saddr & ffff:ffff:ffff:ffff::',
  address: 'ip6 saddr',
  asked: 'ip6 daddr',
}
export const FAMILIES: readonly Family[] = [FOUR, SIX]

/*
 * Sets say what they hold by `typeof`: nftables 1.0, which Debian 12 has, crashes on listing sets that a later version made by
 * `type`.
 */

/** A set that packets fill. */
const filled = (name: string, type: string, timeout: string, size: number) =>
  `  set ${name} { typeof ${type}; flags dynamic,timeout; timeout ${timeout}; size ${size}; }\n`
const GIVEN = ['partner', 'engaged', 'blocked', 'crowd'] as const
/** The sets that the agent fills, and packets do not. */
export const GIVEN_SETS = [
  ...FAMILIES.flatMap(({ v }) => [...GIVEN.map((name) => `${name}${v}`), `open${v}`]),
  'open',
]

/** A set of networks that the agent fills. */
const given = (name: string, type: string) => `  set ${name} { typeof ${type}; flags interval,timeout; }\n`

const setsOf = ({ v, address: type, asked }: Family) =>
  [
    ...GIVEN.map((name) => given(`${name}${v}`, type)),
    `  set open${v} { typeof ${asked} . meta l4proto . th dport; }\n`,
    filled(`held${v}`, type, '10m', 65_536),
    filled(`proven${v}`, `${type} . th dport`, '1d', 262_144),
    filled(`probed${v}`, `${type} . meta l4proto . th dport`, '1h', 65_536),
    filled(`spoken${v}`, `${type} . meta l4proto`, '1h', 65_536),
    filled(`denied${v}`, type, '1h', 65_536),
    filled(`pressed${v}`, type, '1m', 65_536),
    filled(`visited${v}`, `${type} . th dport`, '1m', 65_536),
    filled(`many${v}`, type, '1m', 65_536),
    filled(`published${v}`, `${type} . ${asked} . th dport`, '1m', 65_536),
    filled(`reached${v}`, `${type} . ${asked} . th dport`, '1d', 65_536),
    filled(`asked${v}`, `${asked} . udp dport`, '3m', 65_536),
    filled(`syn${v}`, type, '10s', 65_536),
    filled(`udp${v}`, type, '10s', 65_536),
    filled(`ping${v}`, type, '10s', 65_536),
  ].join('')

/** Every set, in which the kernel and the agent remember. */
export const renderSets = () =>
  `${FAMILIES.map(setsOf).join('')}  set open { typeof meta l4proto . th dport; }
${[
  filled('inheld', 'ip saddr', '10m', 16_384),
  filled('inprobed', 'ip saddr . meta l4proto . th dport', '1h', 65_536),
  filled('indenied', 'ip saddr', '1h', 16_384),
  filled('inseen', 'ip saddr . ip daddr . th dport', '1m', 65_536),
  filled('inports', 'ip saddr . ip daddr', '1m', 65_536),
  filled('inswept', 'ip saddr . ip daddr', '1m', 65_536),
  filled('insweeps', 'ip saddr', '1m', 16_384),
].join('')}`
