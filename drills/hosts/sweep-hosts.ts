import { PORTS_BETWEEN_HOSTS } from '#contract/fleet.ts'
import { addressesOf } from '#contract/installation.ts'
import { type Answers, answersTo } from '../network/answers.ts'
import { type Frame, startCapture } from '../network/capture.ts'
import { parsePacket } from '../network/packets.ts'
import { SCANS, scan, scanAs } from '../network/scan.ts'
import type { HostsPlace } from './hosts-place.ts'
import type { AskedOutside, OtherPorts } from './other-doors.ts'
import type { OutsideAddresses } from './outside-addresses.ts'

/** What a sweep of all hosts from outside taught, and what the hosts sent there by themselves meanwhile. */
export interface Swept {
  /** Of who is never held, so that silence is that of the rules. */
  readonly sweeper: Answers
  /** Of anybody. */
  readonly stranger: Answers
  /** Where packets came from: `192.0.2.1 program`, `192.0.2.1 container`. */
  readonly sent: ReadonlyMap<string, number>
  /** Packets that came back to both. */
  readonly packets: number
}

/** What is asked for by UDP: what machines have there, the address lease's own port among it. */
const UDP_PORTS = [53, 67, 68, 69, 111, 123, 137, 161, 500, 514, 1900, 4500, 5353, 5355]
/** A stranger asks for more than it takes to be held. */
const STRANGER_PORTS = Array.from({ length: 100 }, (_, at) => at + 1)
const HEADS_ONLY = ['-s', '192'] as const

/** Ports that are asked for once more, without haste: a busy machine loses packets of the fast sweep. */
function nearPorts({ installation }: HostsPlace, ports: OtherPorts): number[] {
  const { etcdPorts, postgresPort, patroniPort, controlPort } = addressesOf(installation)
  const web = Object.values(installation.ports)
  const inside = [etcdPorts.client, etcdPorts.peer, postgresPort, patroniPort, controlPort]
  return [...new Set([...web, ...PORTS_BETWEEN_HOSTS, ...inside, ...Object.values(ports)])]
}

/** Sweeps every host: all ports by TCP, some by UDP; and a stranger searches them. */
export async function sweepHosts(
  place: HostsPlace,
  outside: OutsideAddresses,
  { ports, asked, stranger }: { ports: OtherPorts; asked: AskedOutside; stranger: string },
): Promise<Swept> {
  const { network, sweeper } = outside
  const hosts = place.hosts.map(({ address }) => address)
  const capture = await startCapture(network.enter, 'eth0', [
    ...HEADS_ONLY,
    ...filterOf(sweeper, stranger, asked),
  ])
  try {
    await Promise.all(hosts.map((host) => scan(network, [...SCANS.fast, ...scanAs(sweeper)], [host])))
    await scan(network, [...SCANS.ports(nearPorts(place, ports)), ...scanAs(sweeper)], hosts)
    await scan(network, [...SCANS.udp([...UDP_PORTS, ports.program]), ...scanAs(sweeper)], hosts)
    await scan(network, [...SCANS.ports(STRANGER_PORTS), ...scanAs(stranger)], hosts)
    const frames = await capture.frames()
    return {
      sweeper: answersTo([sweeper], frames),
      stranger: answersTo([stranger], frames),
      sent: sentBy(frames, asked),
      packets: frames.length,
    }
  } finally {
    await capture.stop()
  }
}

const filterOf = (sweeper: string, stranger: string, { host, program, container }: AskedOutside) => [
  ...['dst', 'host', sweeper, 'or', 'dst', 'host', stranger, 'or'],
  ...['(', 'dst', 'host', host, 'and', '(', 'dst', 'port', `${program}`, 'or', 'dst', 'port', `${container}`],
  ...[')', ')'],
]

/** Whose packets reached somebody outside whom no rule names. */
function sentBy(frames: readonly Frame[], { host, program, container }: AskedOutside) {
  const sent = new Map<string, number>()
  for (const { bytes } of frames) {
    const { source, destination, port } = parsePacket(bytes)
    if (destination !== host || (port !== program && port !== container)) continue
    const whose = `${source} ${port === program ? 'program' : 'container'}`
    sent.set(whose, (sent.get(whose) ?? 0) + 1)
  }
  return sent
}
