import { randomInt } from 'node:crypto'
import { openSync } from 'node:fs'
import { startDetached } from '#runtime/drivers/process.ts'

const PORTS = 4
/** Below those that the kernel gives to connections by itself. */
const FROM = { first: 21_000, last: 31_000 } as const
const PROGRAM = `const { createServer } = require('node:net')
const [ports, addresses] = process.argv.slice(1).map((one) => JSON.parse(one))
for (const port of ports) for (const host of addresses)
  createServer((socket) => socket.on('error', () => {}).pipe(socket)).on('error', () => {}).listen(port, host)
setTimeout(() => process.exit(), 1_800_000)`

/** Other programs of the host, with ports that are open to others. */
export interface OtherPrograms {
  readonly ports: readonly number[]
  end(): void
}

/** Starts some that listen at these addresses only; they say back what they are told. */
export async function startOtherPrograms(addresses: readonly string[]): Promise<OtherPrograms> {
  const first = randomInt(FROM.first, FROM.last)
  const ports = Array.from({ length: PORTS }, (_, at) => first + at)
  const argv = [process.execPath, '-e', PROGRAM, JSON.stringify(ports), JSON.stringify(addresses)] as const
  const pid = startDetached(argv, openSync('/dev/null', 'a'))
  return { ports, end: () => void process.kill(pid, 'SIGKILL') }
}

/** Ends what has to end, one after the other, whatever becomes of each; the first failure is told. */
export async function endAll(endings: ReadonlyArray<() => unknown>): Promise<void> {
  const failures: unknown[] = []
  for (const end of endings) {
    try {
      await end()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
