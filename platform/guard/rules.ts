import { addressesOf, type Installation } from '#contract/installation.ts'
import { COUNTERS, type Memory, type Notice } from './names.ts'
import { FAMILIES, type Family } from './render-sets.ts'

export type Place = Pick<Installation, 'id' | 'name' | 'subnet' | 'ports'> & {
  /** It serves nobody: the ports of visitors are closed ones. */
  readonly witness?: boolean
  /** Cards of the host that are named as an engine names its networks, and lead outside. */
  readonly outward?: readonly string[]
}

/** Chains with their rules, each before those that jump to it. */
export type Chains = Array<readonly [string, readonly string[]]>

/** What is dropped is counted: for whose it is, or for what it is. */
export const KEPT_OUT = `counter name "${COUNTERS.keptOut}"`
export const FLOODED = `counter name "${COUNTERS.flooded}"`

/** Opening packet of a connection. */
export const SYN = 'tcp flags & (fin | syn | rst | ack) == syn'

/** What has ports that can be searched. SCTP by number: where there is no `/etc/protocols`, its name means nothing. */
export const WITH_PORTS = 'meta l4proto { tcp, udp, 132 }'

export const both = (...rules: ReadonlyArray<(family: Family) => string>): string[] =>
  rules.flatMap((rule) => FAMILIES.map(rule))

/** Tells of a packet: at most so many a second, because who attacks must not fill the log either. */
export const tell = (group: number, notice: Notice, perSecond: number, more = ''): string =>
  `limit rate ${perSecond}/second burst ${perSecond * 4} packets log prefix "${notice}${more}" group ${group}`

/** Tells of a memory without room; for a packet that should be in it by now and is not. */
export const tellFull = (group: number, memory: Memory): string => tell(group, 'full', 1, ` ${memory}`)

export const over = (perSecond: number, burst = 2 * perSecond): string =>
  `limit rate over ${perSecond}/second burst ${burst} packets`

export function bridgesOf(place: Place) {
  const { data, edge, build, apps } = addressesOf(place).networks
  return { trusted: [data.bridge, edge.bridge], untrusted: [build.bridge, apps.bridge] }
}

/** Every address of the installation's own networks. */
export const insideOf = ({ subnet }: Place): string => `${subnet}.0.0/16`

export const named = (interfaces: readonly string[]): string =>
  `{ ${interfaces.map((one) => `"${one}"`).join(', ')} }`

export const webPorts = ({ ports }: Place): string => [...new Set([ports.http, ports.https])].join(', ')
