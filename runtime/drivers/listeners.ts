import { readText } from './files.ts'
import { parseSocketTable } from './socket-table.ts'

const TCP_LISTEN = '0A'
/** Bound and without a partner. */
const UDP_BOUND = '07'
const LOOPBACK = /^(?:[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/

const FILES = [
  { protocol: 'tcp', state: TCP_LISTEN, names: ['tcp', 'tcp6'] },
  { protocol: 'udp', state: UDP_BOUND, names: ['udp', 'udp6'] },
] as const

/** Reads the kernel's list of one protocol's sockets: ports at which somebody can be reached from outside. */
export function parseListeners(table: string, state: string): number[] {
  return parseSocketTable(table)
    .filter((socket) => socket.state === state && !LOOPBACK.test(socket.address))
    .map(({ port }) => port)
}

/** Protocol and port, such as `tcp . 22`, of everything that listens in a network to more than itself; `folder` is what the kernel shows of it. */
export async function openPorts(folder = '/proc/net'): Promise<string[]> {
  const all = await Promise.all(
    FILES.flatMap(({ protocol, state, names }) =>
      names.map(async (name) =>
        parseListeners((await readText(`${folder}/${name}`)) ?? '', state).map(
          (port) => `${protocol} . ${port}`,
        ),
      ),
    ),
  )
  return [...new Set(all.flat())].sort()
}
