import type { HostAddress } from '#contract/host-identity.ts'
import { isIpv6 } from '#contract/networks.ts'
import {
  BGP_PORT,
  type FlowText,
  prefixOf,
  SPEAKER_PORT,
  type UpstreamAddress,
  type UpstreamOrders,
} from '#contract/upstream.ts'

/** Where BIRD speaks. */
export interface Speaker {
  readonly own: HostAddress
  /** The address is on an interface here: sessions come from it. Behind somebody's translation it is not. */
  readonly isHere: boolean
  /** Where addresses of IPv6 that are dropped can lead; undefined where the host has none. */
  readonly own6: UpstreamAddress | undefined
}

export type Session = UpstreamOrders['sessions'][number]

/** Symbols of BIRD have no hyphens, names no underscores: no two names become one. */
const symbol = (name: string) => name.replaceAll('-', '_')
/** How a provider's session is called in BIRD. */
export const sessionOf = (name: string) => `to_${symbol(name)}`

/** What of a session's addresses is still to be dropped. */
export const standing = ({ announced }: Pick<Session, 'announced'>, now: Date): UpstreamAddress[] =>
  announced
    .filter(({ until }) => Date.parse(until) > now.getTime())
    .map(({ address }) => address)
    .sort()

/**
 * What BIRD reads: for each provider a table of its own with the addresses that it should drop, and a session that takes
 * nothing and gives nothing but these, each alone and with the community. Nothing goes to the kernel and nothing comes from it.
 */
export function renderBird({ sessions }: UpstreamOrders, speaker: Speaker, now: Date): string {
  return `log stderr all;
router id ${speaker.own};

protocol device { }
${sessions.map((session) => renderSession(session, speaker, now)).join('')}`
}

function renderSession(session: Session, speaker: Speaker, now: Date): string {
  const { own, isHere } = speaker
  const channels = channelsOf(session, speaker, now)
  const flows = session.flowRules === true ? flowsOf(session, now) : []
  // By more than one hop: a session that is bound to no interface needs no right, and may also go through a router.
  return `
${[...channels.map(renderTable), ...flows.map(renderFlowTable)].join('\n')}
protocol bgp ${sessionOf(session.name)} {
  local${isHere ? ` ${own}` : ''} port ${SPEAKER_PORT} as ${session.ownAs};
  neighbor ${session.neighbour} port ${BGP_PORT} as ${session.neighbourAs};
  ${isHere ? 'strict bind yes;\n  ' : ''}multihop 255;
${session.password === null ? '' : `  password "${session.password}";\n`}  hold time 30;
  keepalive time 10;
  connect delay time 1;
  connect retry time 5;
  error wait time 2, 10;
${channels.map((channel) => renderChannel(channel, session)).join('')}${flows.map(renderFlows).join('')}}
`
}

/** What one session says of one kind of address. */
interface Channel {
  readonly kind: 'ipv4' | 'ipv6'
  readonly table: string
  readonly from: string
  readonly alone: string
  readonly addresses: readonly UpstreamAddress[]
  /** Where it leads, unless the session itself says that; and what the provider wants instead. */
  readonly leads: string | undefined
  readonly nextHop: string | null
}

/** IPv6 goes through the same session, on hosts that have somewhere to lead it. */
function channelsOf(session: Session, { own6 }: Speaker, now: Date): Channel[] {
  const at = symbol(session.name)
  const all = standing(session, now)
  const four: Channel = {
    ...{ kind: 'ipv4', table: `at_${at}`, from: `drop_${at}`, alone: '0.0.0.0/0{32,32}' },
    ...{ addresses: all.filter((one) => !isIpv6(one)), leads: undefined, nextHop: session.nextHop },
  }
  const leads = own6 ?? session.nextHop6
  if (leads === undefined) return [four]
  const six: Channel = {
    ...{ kind: 'ipv6', table: `at6_${at}`, from: `drop6_${at}`, alone: '::/0{128,128}' },
    ...{ addresses: all.filter(isIpv6), leads, nextHop: session.nextHop6 ?? null },
  }
  return [four, six]
}

/** What one session says of parts of the traffic, of one kind of address. */
interface FlowChannel {
  readonly kind: 'flow4' | 'flow6'
  readonly table: string
  readonly from: string
  readonly rules: readonly string[]
}

/** Both kinds at once: flow rules lead nowhere, so a host needs no address of that kind. */
function flowsOf({ name, flows = [] }: Session, now: Date): FlowChannel[] {
  const at = symbol(name)
  const current = flows.filter(({ until }) => Date.parse(until) > now.getTime())
  const rules = (six: boolean) =>
    current
      .filter(({ address }) => isIpv6(address) === six)
      .map(({ address, only }) => `dst ${prefixOf(address)}; ${partOf(only, six)}`)
      .sort()
  return [
    { kind: 'flow4', table: `flow4_${at}`, from: `part4_${at}`, rules: rules(false) },
    { kind: 'flow6', table: `flow6_${at}`, from: `part6_${at}`, rules: rules(true) },
  ]
}

function partOf(only: FlowText, six: boolean): string {
  const [protocol = '', port] = only.split(':')
  const number = { tcp: 6, udp: 17, icmp: six ? 58 : 1 }[protocol]
  return `${six ? 'next header' : 'proto'} = ${number};${port === undefined ? '' : ` dport = ${port};`}`
}

const renderFlowTable = ({ kind, table, from, rules }: FlowChannel) => `${kind} table ${table};

protocol static ${from} {
  ${kind} { table ${table}; };
${rules.map((rule) => `  route ${kind} { ${rule} };\n`).join('')}}
`

/** As much as nothing a second: traffic-rate 0 (RFC 8955) is to drop. */
const renderFlows = ({ kind, table, from }: FlowChannel) => `  ${kind} {
    table ${table};
    import none;
    export filter {
      if proto = "${from}" then {
        bgp_ext_community.add((generic, 0x80060000, 0x0));
        accept;
      }
      reject;
    };
  };
`

const renderTable = ({ kind, table, from, addresses }: Channel) => `${kind} table ${table};

protocol static ${from} {
  ${kind} { table ${table}; };
${addresses.map((address) => `  route ${prefixOf(address)} blackhole;\n`).join('')}}
`

function renderChannel({ kind, table, from, alone, leads, nextHop }: Channel, { community }: Session) {
  const [first, second] = community.split(':').map(Number)
  return `  ${kind} {
    table ${table};
    import none;
${leads === undefined ? '' : `    next hop address ${leads};\n`}    export filter {
      if proto = "${from}" && net ~ [ ${alone} ] then {
        bgp_community.add((${first}, ${second}));
${nextHop === null ? '' : `        bgp_next_hop = ${nextHop};\n`}        accept;
      }
      reject;
    };
  };
`
}
