import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pause } from '#runtime/kit/pause.ts'
import { readText, writeFileAtomic } from './files.ts'
import { listenForLines } from './line-socket.ts'
import {
  isStuck,
  newReaderHealth,
  noteBegin,
  noteEnd,
  noteLook,
  parseReading,
  problemOf,
  type ReaderHealth,
  type Reading,
} from './packet-log-health.ts'

/** Follows what the kernel's packet filter tells of. */
export interface PacketLog {
  /** Empty while packets are told of, and none was lost for a while; else why not. */
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
/** How often the kernel is asked what waits for it, and what was lost. */
const LOOK_MS = 2_000

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
  const { folder, group, onChange } = options
  let lines = 0
  let health = newReaderHealth()
  let problem = problemOf(health, Date.now())
  const know = (next: ReaderHealth) => {
    health = next
    const said = problemOf(health, Date.now())
    if (said === problem) return
    problem = said
    onChange()
  }
  const onLine = (line: string) => {
    lines++
    options.onLine(line)
  }
  const look = (reading: Reading | undefined) => {
    know(noteLook(health, reading, lines, Date.now()))
    return isStuck(health)
  }
  const forever = async () => {
    const server = await listenForLines(join(folder, 'packets.sock'), onLine)
    try {
      await writeFileAtomic(join(folder, 'ulogd.conf'), renderPacketLog(group, folder), { mode: 0o600 })
      while (!signal.aborted) {
        const why = await runReader(options, { begins: () => know(noteBegin(health)), look }, signal)
        if (!signal.aborted) know(noteEnd(health, why, Date.now()))
        await pause(AGAIN_MS, signal)
      }
    } finally {
      server.close()
    }
  }
  forever().catch((error: unknown) =>
    know(noteEnd(health, `The log of packets cannot be read: ${String(error)}`, Date.now())),
  )
  return { problem: () => problem }
}

/** What the kernel shows of its socket, in whichever network it is. What cannot be read is as good as nobody's. */
async function readingOf(pid: number, group: number): Promise<Reading | undefined> {
  try {
    const [groups, sockets] = await Promise.all(
      ['netfilter/nfnetlink_log', 'netlink'].map((name) => readText(`/proc/${pid}/net/${name}`)),
    )
    return parseReading(groups ?? '', sockets ?? '', group)
  } catch {
    return undefined
  }
}

interface Watch {
  begins(): void
  /** Tells whether it has to be ended. */
  look(reading: Reading | undefined): boolean
}

/** Runs it until it ends; gives why. */
async function runReader(
  { enter = [], folder, group }: PacketLogOptions,
  watch: Watch,
  signal: AbortSignal,
): Promise<string> {
  const [file = '', ...args] = [...enter, 'ulogd', '-c', join(folder, 'ulogd.conf')]
  const ended = new AbortController()
  const child = spawn(file, args, { stdio: 'ignore', signal, killSignal: 'SIGKILL' })
  const end = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`The reader of the packet log cannot run: ${error.message}`))
    child.on('exit', (code) =>
      resolve(`The reader of the packet log ended (${code ?? 'killed'}) and is started again.`),
    )
  })
  end.finally(() => ended.abort())
  const looks = async () => {
    await pause(WORKS_MS, ended.signal)
    if (!ended.signal.aborted) watch.begins()
    while (!ended.signal.aborted) {
      await pause(LOOK_MS, ended.signal)
      const reading = await readingOf(child.pid ?? 0, group)
      if (!ended.signal.aborted && watch.look(reading)) child.kill('SIGKILL')
    }
  }
  await looks()
  return await end
}
