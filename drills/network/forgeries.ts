import { pause } from '#runtime/kit/pause.ts'
import { NothingProven } from '../not-measured.ts'
import { ICMP6, redirected, routerAdvertised, sendFrame } from './frames6.ts'
import type { Inside } from './instances.ts'
import { setIpv6 } from './ipv6.ts'

/** One kind of forgery: how it is done, and as whom it speaks. */
export interface Forgery {
  readonly what: string
  /** The address under which the platform tells of it: the one that is claimed, or the attacker's own. */
  readonly claims: string
  /** How its frames are told from honest ones. */
  readonly shape: 'canary' | 'arp' | 'ip6'
  /** Of IPv6: its message, for a network that has IPv6 says more by itself. */
  readonly message?: number
  forge(): Promise<unknown>
}

/** Whom the attacker speaks to and as whom. */
export interface Roles {
  /** The attacker's app. */
  readonly app: string
  readonly own: Inside
  readonly victims: readonly [Inside, Inside]
  readonly gateway: { readonly address: string; readonly card: string }
  /** Marks the attacker's frames. */
  readonly canary: string
}

/** The kernel's log takes twenty of a port at once: few of each kind leave room for the next. */
const EACH = '4'
const ARPSPOOF_MS = 3500
/** Until the network has an address of its own. */
const IPV6_MS = 500

/** Arguments of hping3 that send marked UDP packets. */
export const marked = (canary: string, to: string, count: string, ...more: readonly string[]) => [
  ...['hping3', '-q', '-c', count, '-i', 'u5000', '--udp', '-p', '9'],
  ...['-d', String(canary.length), '-e', canary, ...more, to],
]

/** Every kind, in the order in which they are tried. */
export function forgeries({ own, victims, gateway, canary }: Roles): Forgery[] {
  const [first, second] = victims
  const stranger = '203.0.113.77'
  const as = (address: string) => () => own.run(marked(canary, gateway.address, EACH, '-a', address))
  return [
    { what: "a neighbour's address", claims: first.address, shape: 'canary', forge: as(first.address) },
    { what: 'an address of the internet', claims: stranger, shape: 'canary', forge: as(stranger) },
    {
      what: "a neighbour's hardware address",
      claims: own.address,
      shape: 'canary',
      forge: () => withCard(own, first.card, gateway, () => own.run(marked(canary, gateway.address, EACH))),
    },
    {
      what: "a neighbour's place in the host's table of neighbours, by arpspoof",
      claims: own.address,
      shape: 'arp',
      forge: () =>
        own.run(['arpspoof', '-i', 'eth0', '-t', gateway.address, second.address], {
          timeoutMs: ARPSPOOF_MS,
        }),
    },
    {
      what: 'a neighbour of IPv6',
      claims: 'fe80:',
      shape: 'ip6',
      message: ICMP6.neighbour,
      forge: async () => {
        await setIpv6(own, true)
        await pause(IPV6_MS)
        const done = await own.run(['ndptool', '-t', 'na', '-U', '-i', 'eth0', 'send'])
        if (done.exitCode !== 0) throw new NothingProven(`ndptool: ${done.stderr.trim()}`)
        await setIpv6(own, false)
      },
    },
    {
      what: 'a router of IPv6 that brings a network',
      claims: ROUTER,
      shape: 'ip6',
      message: ICMP6.router,
      forge: () => sendAll(own, routerAdvertised({ card: own.card, source: ROUTER }, '2001:db8:66::')),
    },
    {
      what: 'a router of IPv6 that knows a better way',
      claims: BETTER,
      shape: 'ip6',
      message: ICMP6.redirect,
      forge: () => sendAll(own, redirected({ card: own.card, source: BETTER }, BETTER, '2001:db8::7')),
    },
  ]
}

/** Each speaks as somebody else: what the host tells of one is not taken for what it tells of another. */
const [ROUTER, BETTER] = ['fe80::6:134', 'fe80::6:137'] as const

async function sendAll(own: Inside, frame: Buffer): Promise<void> {
  const done = await own.run(sendFrame('eth0', frame, Number(EACH)))
  if (done.exitCode !== 0) throw new NothingProven(`a frame of IPv6: ${done.stderr.trim()}`)
}

/** Speaks with another's hardware address for a while; where the gateway is has to be known before. */
async function withCard(
  { change, card }: Inside,
  another: string,
  gateway: Roles['gateway'],
  work: () => Promise<unknown>,
): Promise<void> {
  const known = [gateway.address, 'dev', 'eth0']
  await change('link', 'set', 'dev', 'eth0', 'address', another)
  try {
    await change('neighbour', 'replace', ...known, 'lladdr', gateway.card, 'nud', 'permanent')
    await work()
  } finally {
    await change('link', 'set', 'dev', 'eth0', 'address', card)
    await change('neighbour', 'delete', ...known).catch(() => undefined)
  }
}
