import type { HostAddress } from '#contract/host-identity.ts'
import { BGP_PORT, SPEAKER_PORT, type UpstreamOrders } from '#contract/upstream.ts'

/** Where BIRD speaks. */
export interface Speaker {
  readonly own: HostAddress
  /** The address is on an interface here: sessions come from it. Behind somebody's translation it is not. */
  readonly isHere: boolean
}

export type Session = UpstreamOrders['sessions'][number]

/** Symbols of BIRD have no hyphens, names no underscores: no two names become one. */
const symbol = (name: string) => name.replaceAll('-', '_')
/** How a provider's session is called in BIRD. */
export const sessionOf = (name: string) => `to_${symbol(name)}`

/** What of a session's addresses is still to be dropped. */
export const standing = ({ announced }: Pick<Session, 'announced'>, now: Date): HostAddress[] =>
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

function renderSession(session: Session, { own, isHere }: Speaker, now: Date): string {
  const [at, drop] = [symbol(session.name), `drop_${symbol(session.name)}`]
  const routes = standing(session, now).map((address) => `  route ${address}/32 blackhole;\n`)
  const [first, second] = session.community.split(':').map(Number)
  // By more than one hop: a session that is bound to no interface needs no right, and may also go through a router.
  return `
ipv4 table at_${at};

protocol static ${drop} {
  ipv4 { table at_${at}; };
${routes.join('')}}

protocol bgp ${sessionOf(session.name)} {
  local${isHere ? ` ${own}` : ''} port ${SPEAKER_PORT} as ${session.ownAs};
  neighbor ${session.neighbour} port ${BGP_PORT} as ${session.neighbourAs};
  ${isHere ? 'strict bind yes;\n  ' : ''}multihop 255;
${session.password === null ? '' : `  password "${session.password}";\n`}  hold time 30;
  keepalive time 10;
  connect delay time 1;
  connect retry time 5;
  error wait time 2, 10;
  ipv4 {
    table at_${at};
    import none;
    export filter {
      if proto = "${drop}" && net ~ [ 0.0.0.0/0{32,32} ] then {
        bgp_community.add((${first}, ${second}));
${session.nextHop === null ? '' : `        bgp_next_hop = ${session.nextHop};\n`}        accept;
      }
      reject;
    };
  };
}
`
}
