import { z } from 'zod'
import { type Door, Ends, type Tried } from './doors.ts'
import type { OtherNetwork } from './other-network.ts'

/** A door, and the address from which somebody knocks at it. */
export interface WatchedDoor extends Door {
  readonly from: string
}

const EVERY_MS = 200
const PATIENCE_MS = 500
/** Run in somebody's network: knocks at each door again and again, and says when one answers otherwise than before. */
const PROGRAM = `const { connect } = require('node:net')
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const knock = (door) => new Promise((resolve) => {
  const socket = connect({ host: door.host, port: door.port, localAddress: door.from })
  const end = (how) => { clearTimeout(timer); socket.destroy(); resolve(how) }
  const timer = setTimeout(() => setImmediate(() => end('silent')), ${PATIENCE_MS})
  socket.on('connect', () => end('open'))
  socket.on('error', ({ code }) => end(code === 'ECONNREFUSED' ? 'refused' : 'silent'))
})
const watch = async (door, at) => {
  for (let before = ''; ; await rest(${EVERY_MS})) {
    const atMs = Date.now()
    const end = await knock(door)
    if (end !== before) console.log(JSON.stringify({ at, end, atMs }))
    before = end
  }
}
JSON.parse(process.argv[1]).forEach(watch)
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))`

const Change = z.object({ at: z.number().int(), end: Ends, atMs: z.number() })

/** Somebody who knocks at doors without a pause. */
export interface DoorWatch {
  /** Whether each of these ends so now. */
  all(end: Tried['end'], doors?: readonly WatchedDoor[]): boolean
  /** When a door was found open first after a moment, by the machine's clock in ms; undefined: not yet. */
  openedMs(door: WatchedDoor, afterMs: number): number | undefined
  end(): Promise<void>
}

/** Begins to knock, from a network that has all the addresses. */
export function watchDoors(from: OtherNetwork, doors: readonly WatchedDoor[]): DoorWatch {
  const leaving = new AbortController()
  const changes: Array<z.infer<typeof Change>> = []
  let rest = ''
  const onOutput = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) changes.push(Change.parse(JSON.parse(line)))
  }
  const argv = [process.execPath, '-e', PROGRAM, JSON.stringify(doors)]
  const going = from.run(argv, { inputUntil: leaving.signal, onOutput, timeoutMs: 900_000 })
  const of = (door: WatchedDoor) => changes.filter(({ at }) => doors[at] === door)
  return {
    all: (end, some = doors) => some.every((door) => of(door).at(-1)?.end === end),
    openedMs: (door, afterMs) => of(door).find(({ end, atMs }) => end === 'open' && atMs > afterMs)?.atMs,
    end: async () => {
      leaving.abort()
      await going
    },
  }
}
