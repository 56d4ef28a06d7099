import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pause } from '#runtime/kit/pause.ts'
import { writeFileAtomic } from './files.ts'
import { listenForLines } from './line-socket.ts'

/** Follows what the kernel's packet filter tells of. */
export interface PacketLog {
  /** Empty while packets are told of; else why not. */
  problem(): string
}

export interface PacketLogOptions {
  /** Number that the filter's rules name. */
  readonly group: number
  /** Where its files are. */
  readonly folder: string
  readonly onLine: (line: string) => void
  /** It began to work, or ceased to. */
  readonly onChange: () => void
  /** Arguments that lead into the network whose packets these are. */
  readonly enter?: readonly string[]
}

const PLUGINS = '/usr/lib/x86_64-linux-gnu/ulogd'
const LINES = [
  'inppkt_NFLOG',
  'raw2packet_BASE',
  'filter_IFINDEX',
  'filter_IP2STR',
  'filter_HWHDR',
  'output_JSON',
]
const AGAIN_MS = 2_000
/** One that ends sooner has not worked. */
const WORKS_MS = 500

/** The configuration of ulogd: each packet at once, as JSON, to a socket. */
export const renderPacketLog = (group: number, folder: string): string => `[global]
logfile="${folder}/ulogd.log"
loglevel=7
${LINES.map((name) => `plugin="${PLUGINS}/ulogd_${name}.so"`).join('\n')}
stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,mac1:HWHDR,json1:JSON

[log1]
group=${group}
netlink_socket_buffer_size=1048576
netlink_socket_buffer_maxsize=4194304
netlink_qthreshold=1
netlink_qtimeout=0

[json1]
sync=1
mode="unix"
file="${folder}/packets.sock"
`

/** Starts the reader, and again whenever it ends, until the signal. Its listener is there before it is. */
export function followPacketLog(options: PacketLogOptions, signal: AbortSignal): PacketLog {
  let problem = 'The log of packets is not read yet.'
  const say = (next: string) => {
    if (next === problem) return
    problem = next
    options.onChange()
  }
  const forever = async () => {
    const { folder, group } = options
    const server = await listenForLines(join(folder, 'packets.sock'), options.onLine)
    try {
      await writeFileAtomic(join(folder, 'ulogd.conf'), renderPacketLog(group, folder), { mode: 0o600 })
      while (!signal.aborted) {
        say(await runReader(options, () => say(''), signal))
        await pause(AGAIN_MS, signal)
      }
    } finally {
      server.close()
    }
  }
  forever().catch((error: unknown) => say(`The log of packets cannot be read: ${String(error)}`))
  return { problem: () => problem }
}

/** Runs it until it ends; gives why. */
function runReader(
  { enter = [], folder }: PacketLogOptions,
  works: () => void,
  signal: AbortSignal,
): Promise<string> {
  const [file = '', ...args] = [...enter, 'ulogd', '-c', join(folder, 'ulogd.conf')]
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'ignore', signal, killSignal: 'SIGKILL' })
    const timer = setTimeout(works, WORKS_MS)
    const end = (why: string) => {
      clearTimeout(timer)
      resolve(why)
    }
    child.on('error', (error) => end(`The reader of the packet log cannot run: ${error.message}`))
    child.on('exit', (code) =>
      end(`The reader of the packet log ended (${code ?? 'killed'}) and is started again.`),
    )
  })
}
