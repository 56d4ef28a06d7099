import { PORTS_BETWEEN_HOSTS } from '#contract/fleet.ts'
import { GUARD_LIMITS } from '#contract/guard.ts'
import type { Installation } from '#contract/installation.ts'
import { guardTableOf } from '#platform/guard/host.ts'
import { openPorts } from '#runtime/drivers/listeners.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { NothingProven } from '../not-measured.ts'
import { type Capture, type Frame, startCapture } from './capture.ts'
import type { OtherNetwork } from './other-network.ts'
import { type Packet, parsePacket, TCP } from './packets.ts'

/** Asks each port once and waits for nothing that is not answered. */
const IMPATIENT = ['--max-retries', '0', '--max-rtt-timeout', '100ms'] as const
// Its own question for the neighbour's card is asked once, too: on a busy machine it would find nobody, and scan nothing.
const RAW = ['nmap', '-sS', '-n', '-Pn', '--disable-arp-ping', ...IMPATIENT] as const

/** The ways to search, as arguments of nmap. */
export const SCANS = {
  /** Every port there is, thousands a second. */
  fast: [...RAW, '-T4', '--min-rate', '5000', '-p-'],
  /** Among packets that seem to come from others. */
  decoys: (others: readonly string[]) => [
    ...[...RAW, '-T4', '--min-rate', '500', '-D', [...others, 'ME'].join()],
    ...['-p', '1-1000'],
  ],
  /** One port every three seconds. */
  slow: [...RAW, '--scan-delay', '3s', '-p', '1-10'],
  ports: (ports: readonly number[]) => [...RAW, '--min-rate', '200', '-p', ports.join()],
  /** By UDP, each port twice: one that says no to many says it to few of them. */
  udp: (ports: readonly number[]) => [
    ...['nmap', '-sU', '-n', '-Pn', '--disable-arp-ping', '--host-timeout', '30s'],
    ...['--max-retries', '1', '--max-rtt-timeout', '300ms', '-p', ports.join()],
  ],
} as const

/** Makes a search come from one of several addresses of a card. */
export const scanAs = (address: string): readonly string[] => ['-e', 'eth0', '-S', address]

/** Ports at which somebody on the host listens or did lately, at one of its addresses or at all, as the kernel's rules know them. */
export async function knownPorts(
  installation: Pick<Installation, 'id'>,
  address: string,
): Promise<Set<number>> {
  const shown = await makeNft().members('inet', guardTableOf(installation), ['open', 'open4'])
  const listens = [...shown.matchAll(/(?:([\d.]+) \. )?tcp \. (\d+)/g)]
  return new Set(
    listens.filter(([, at]) => at === undefined || at === address).map(([, , port]) => Number(port)),
  )
}

/** Where this host answers other hosts, and nobody else: an address and its ports. Nowhere on the only host of an installation. */
export async function doorsBetweenHosts(): Promise<ReadonlyMap<string, readonly number[]>> {
  const doors = (await openPorts()).flatMap((one) => {
    const [, address, port] = /^([\d.]+) \. tcp \. (\d+)$/.exec(one) ?? []
    return address !== undefined && PORTS_BETWEEN_HOSTS.includes(Number(port))
      ? [{ address, port: Number(port) }]
      : []
  })
  const grouped = Map.groupBy(doors, ({ address }) => address)
  return new Map([...grouped].map(([address, all]) => [address, all.map(({ port }) => port)]))
}

/** A scanner, with who listens on its own link. */
export interface Scanner {
  readonly capture: Capture
}

/** Somebody at the scanner's own card sees every question and every answer. */
export const startScanner = async ({ enter }: OtherNetwork): Promise<Scanner> => ({
  capture: await startCapture(enter, 'eth0'),
})

/** Scans these addresses; what a scanner says itself is not believed. */
export async function scan(
  from: OtherNetwork,
  how: readonly string[],
  addresses: readonly string[],
): Promise<void> {
  const { exitCode, stdout, stderr } = await from.run([...how, ...addresses])
  if (exitCode !== 0)
    throw new NothingProven(`nmap ended with ${exitCode}: ${stderr.trim().split('\n').at(-1)}`)
  if (stdout.includes('(0 hosts up)')) throw new NothingProven('nmap has found nobody, and scanned nothing')
}

/** What was on a scanner's link. */
export interface Seen {
  readonly frames: readonly Frame[]
  readonly packets: readonly Packet[]
}

export async function whatWasSeen({ capture }: Scanner): Promise<Seen> {
  const frames = await capture.frames()
  return { frames, packets: frames.map(({ bytes }) => parsePacket(bytes)) }
}

/** When a scanner asked for the closed port that is one too many; undefined: it never did. */
export function decisiveMs({ frames, packets }: Seen, scanner: string, open: ReadonlySet<number>) {
  const asked = new Set<number>()
  const at = packets.findIndex(({ source, flags, port }) => {
    if (source === scanner && flags === TCP.syn && !open.has(port)) asked.add(port)
    return asked.size > GUARD_LIMITS.closedPorts
  })
  return frames[at]?.atMs
}
