import { networkOf } from '#contract/networks.ts'
import { readText } from './files.ts'
import { addressOf, parseSocketTable } from './socket-table.ts'

const TCP_LISTEN = '0A'
/** Bound and without a partner. */
const UDP_BOUND = '07'
const LOOPBACK = /^(?:127\.|::1$)/
const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

const FILES = [
  { protocol: 'tcp', state: TCP_LISTEN, names: ['tcp', 'tcp6'] },
  { protocol: 'udp', state: UDP_BOUND, names: ['udp', 'udp6'] },
] as const

/** Where somebody listens to more than his own machine. */
export interface Listener {
  readonly port: number
  /** The only address at which it is; undefined: at every address of the machine. */
  readonly at: string | undefined
}

/** Reads the kernel's list of one protocol's sockets. */
export function parseListeners(table: string, state: string): Listener[] {
  return parseSocketTable(table)
    .filter((socket) => socket.state === state)
    .map(({ address, port }) => ({ port, address: networkOf(addressOf(address), { 4: 32, 6: 128 }) }))
    .filter(({ address }) => !LOOPBACK.test(address))
    .map(({ address, port }) => ({ port, at: EVERYWHERE.has(address) ? undefined : address }))
}

/**
 * Protocol and port, such as `tcp . 22`, of everything that listens in a network to more than itself; where that is at one address
 * only, the address comes first: `192.0.2.9 . tcp . 22`. `folder` is what the kernel shows of the network.
 */
export async function openPorts(folder = '/proc/net'): Promise<string[]> {
  const all = await Promise.all(
    FILES.flatMap(({ protocol, state, names }) =>
      names.map(async (name) =>
        parseListeners((await readText(`${folder}/${name}`)) ?? '', state).map(
          ({ port, at }) => `${at === undefined ? '' : `${at} . `}${protocol} . ${port}`,
        ),
      ),
    ),
  )
  return [...new Set(all.flat())].sort()
}
