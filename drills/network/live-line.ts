import type { OtherNetwork } from './other-network.ts'

const EVERY_MS = 20
/** Run in somebody's network: says something over one connection again and again, and prints when it came back. */
const SPEAKER = `const [host, port] = process.argv.slice(1)
const socket = require('node:net').connect({ host, port: Number(port), noDelay: true })
socket.on('error', () => process.exit(0))
socket.on('data', () => console.log(Date.now()))
socket.on('connect', () => setInterval(() => socket.write('.'), ${EVERY_MS}))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))`
/** Says back whatever it is told, on all these ports. */
const ECHO = `const { createServer } = require('node:net')
for (const port of JSON.parse(process.argv[1]))
  createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port, () => console.log('listens'))
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))`

/** A connection that is used without a pause. */
export interface LiveLine {
  /** When the last word came back, by the machine's clock in milliseconds; 0: none yet. */
  lastMs(): number
  end(): Promise<void>
}

/** Opens one from a network. */
export function startLiveLine(from: OtherNetwork, host: string, port: number): LiveLine {
  const leaving = new AbortController()
  let last = 0
  const onOutput = (text: string) => {
    last = Math.max(last, ...text.trim().split('\n').map(Number))
  }
  const argv = [process.execPath, '-e', SPEAKER, host, String(port)]
  const going = from.run(argv, { inputUntil: leaving.signal, onOutput, keepBytes: 1024 })
  return {
    lastMs: () => last,
    end: async () => {
      leaving.abort()
      await going
    },
  }
}

/** Somebody who goes on until he is told to end. */
export interface Going {
  end(): Promise<void>
}

/** Somebody in a network who says back whatever he is told; resolves when he listens. */
export const startEcho = (at: OtherNetwork, ports: readonly number[]): Promise<Going> =>
  startListener(at, ECHO, ports)

/** Runs a program that listens at ports, says `listens` for each and ends with its input; resolves when it listens. */
export async function startListener(
  at: OtherNetwork,
  program: string,
  ports: readonly number[],
): Promise<Going> {
  const leaving = new AbortController()
  let listening = 0
  let listens = () => {}
  const ready = new Promise<void>((resolve) => {
    listens = resolve
  })
  const onOutput = (text: string) => {
    listening += text.split('listens').length - 1
    if (listening >= ports.length) listens()
  }
  const argv = [process.execPath, '-e', program, JSON.stringify(ports)]
  const going = at.run(argv, { inputUntil: leaving.signal, onOutput, timeoutMs: 600_000 })
  await Promise.race([
    ready,
    going.then(({ stderr }) => {
      throw new Error(`nobody listens outside: ${stderr.trim()}`)
    }),
  ])
  return {
    end: async () => {
      leaving.abort()
      await going
    },
  }
}
