import { parseNetwork } from '#contract/networks.ts'
import { sumOf } from './frames4.ts'

/** Messages of ICMPv6 by which machines of one link tell each other of ways and of neighbours (RFC 4861). */
export const ICMP6 = { number: 58, router: 134, neighbour: 136, redirect: 137 } as const

const ALL_NODES = { address: 'ff02::1', card: '33:33:00:00:00:01' } as const
const ETHERNET = 14
const HEADER = 40
/** Only what no router has passed on counts. */
const FROM_THIS_LINK = 255

/** Who says what to whom. */
export interface Said {
  /** Card of whoever sends it. */
  readonly card: string
  readonly source: string
  /** All on the link, where nobody is named. */
  readonly to?: { readonly address: string; readonly card: string }
}

/** "I am a router, and this is the network of the link." */
export const routerAdvertised = (said: Said, prefix: string): Buffer =>
  icmp6(
    said,
    ICMP6.router,
    Buffer.concat([
      // Hops, no flags, half an hour; nothing of how long neighbours count.
      bytesOf('40000708 00000000 00000000'),
      // The prefix: on the link, to make addresses of, for an hour.
      bytesOf('030440c0 00000e10 00000e10 00000000'),
      addressBytes(prefix),
    ]),
  )

/** "The way to that address is by me." */
export const redirected = (said: Said, target: string, goal: string): Buffer =>
  icmp6(said, ICMP6.redirect, Buffer.concat([bytesOf('00000000'), addressBytes(target), addressBytes(goal)]))

/** "Are you there?" */
export const pinged = (said: Said): Buffer => icmp6(said, 128, bytesOf('00010001'))

/** A packet of UDP from one port to another. */
export const datagram = (said: Said, from: number, port: number): Buffer =>
  frame(said, { number: 17, sumAt: 6 }, Buffer.concat([numbers(from, port, 12, 0), bytesOf('68657921')]))

/** A packet of TCP that has no data. */
export const segment = (said: Said, from: number, port: number, flags: number): Buffer =>
  frame(said, { number: 6, sumAt: 16 }, numbers(from, port, 0, 1, 0, 1, 0x5000 | flags, 1024, 0, 0))

/** The kind of an ICMPv6 message; undefined where a frame is none. */
export const icmp6TypeOf = (bytes: Buffer): number | undefined =>
  bytes.length > ETHERNET + HEADER && bytes.readUInt16BE(12) === 0x86dd && bytes[20] === ICMP6.number
    ? bytes[ETHERNET + HEADER]
    : undefined

/** A program that sends a frame so many times, a hundredth of a second between them. */
export const sendFrame = (link: string, bytes: Buffer, times: number): string[] => [
  ...['python3', '-c', PROGRAM, link, bytes.toString('hex'), String(times)],
]

const PROGRAM = `import socket, sys, time
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
for _ in range(int(sys.argv[3])):
    out.send(bytes.fromhex(sys.argv[2]))
    time.sleep(0.01)
`

const icmp6 = (said: Said, type: number, body: Buffer): Buffer =>
  frame(said, { number: ICMP6.number, sumAt: 2 }, Buffer.concat([Buffer.from([type, 0, 0, 0]), body]))

function frame(
  { card, source, to = ALL_NODES }: Said,
  { number, sumAt }: { readonly number: number; readonly sumAt: number },
  message: Buffer,
): Buffer {
  const ends = Buffer.concat([addressBytes(source), addressBytes(to.address)])
  const pseudo = Buffer.concat([ends, numbers(0, message.length, 0, number), message])
  message.writeUInt16BE(sumOf(pseudo), sumAt)
  const header = Buffer.from([0x60, 0, 0, 0, 0, message.length, number, FROM_THIS_LINK])
  return Buffer.concat([bytesOf(to.card), bytesOf(card), bytesOf('86dd'), header, ends, message])
}

function numbers(...all: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * all.length)
  for (const [at, one] of all.entries()) bytes.writeUInt16BE(one, 2 * at)
  return bytes
}

const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(/[: ]/g, ''), 'hex')

function addressBytes(address: string): Buffer {
  const first = parseNetwork(address)?.first
  if (first === undefined) throw new Error(`${address} is no address`)
  return Buffer.from(first.toString(16).padStart(32, '0'), 'hex')
}
