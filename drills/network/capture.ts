import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#runtime/drivers/process.ts'
import { pause } from '#runtime/kit/pause.ts'
import { NothingProven } from '../not-measured.ts'

/** A frame as it was on a link. */
export interface Frame {
  /** By the machine's clock, milliseconds since 1970. */
  readonly atMs: number
  readonly bytes: Buffer
}

/** Somebody who listens on a link. */
export interface Capture {
  /** Ends it when what was sent is written down, and gives what it has heard. */
  frames(): Promise<Frame[]>
  stop(): Promise<void>
}

/** A drill that is killed takes who listens with it. */
const ENDS_WITH_US = ['setpriv', '--pdeathsig', 'KILL'] as const
const LISTENS_MS = 15_000
const QUIET_MS = 300
/** What was sent before is written down by then, also where it is never quiet. */
const SETTLED_MS = 2000
const HEADER = 24
const RECORD = 16

type Enter = (argv: readonly string[]) => [string, ...string[]]

/** Listens by tcpdump; `enter` leads into the network. It listens when this resolves. */
export async function startCapture(
  enter: Enter,
  link: string,
  filter: readonly string[] = [],
): Promise<Capture> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-capture-'))
  const file = join(folder, 'frames')
  const ending = new AbortController()
  let complaint = ''
  const options = ['--immediate-mode', '-U', '-n', '-Z', 'root', '-i', link, '-w', file]
  const running = run(enter([...ENDS_WITH_US, 'tcpdump', ...options, ...filter]), { signal: ending.signal })
    .then(({ stderr }) => {
      complaint = stderr.trim() || 'it ended'
    })
    .catch((error: Error) => {
      complaint = error.message
    })
  const stop = async () => {
    ending.abort()
    await running
    await rm(folder, { recursive: true, force: true })
  }
  const size = async () => (await stat(file).catch(() => undefined))?.size ?? 0
  const began = performance.now()
  while ((await size()) < HEADER) {
    if (complaint !== '' || performance.now() - began > LISTENS_MS) {
      await stop()
      throw new NothingProven(`nobody can listen on ${link}: ${complaint}`)
    }
    await pause(20)
  }
  return {
    frames: async () => {
      const since = performance.now()
      for (let before = -1; before !== (await size()) && performance.now() - since < SETTLED_MS; ) {
        before = await size()
        await pause(QUIET_MS)
      }
      const bytes = await readFile(file)
      await stop()
      return parseFrames(bytes)
    },
    stop,
  }
}

/** Reads what tcpdump has written: a header, then each frame with its time and length. */
export function parseFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = HEADER; at + RECORD <= bytes.length; ) {
    const [seconds, micros] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]
    const end = at + RECORD + bytes.readUInt32LE(at + 8)
    if (end > bytes.length) break
    frames.push({ atMs: seconds * 1000 + micros / 1000, bytes: bytes.subarray(at + RECORD, end) })
    at = end
  }
  return frames
}
