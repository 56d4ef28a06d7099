import type { FileHandle } from 'node:fs/promises'
import { makeInTurn } from '#runtime/kit/in-turn.ts'
import { pause } from '#runtime/kit/pause.ts'
import { openMemoryFile, readSince } from './files.ts'
import { makeNftBy } from './nft.ts'
import type { NftProgram } from './nft-program.ts'
import { run } from './process.ts'

/** Knows whether the kernel's packet filter was changed, whoever did it. */
export interface FilterChanges {
  /** Another text after each change; undefined while nobody listens, when every look has to be a real one. */
  mark(): Promise<string | undefined>
  /** How many changes were told of, whoever made them; undefined while nobody listens. */
  told(): Promise<number | undefined>
  /** This program has changed it: that counts even before the kernel has told of it. */
  note(): void
}

export interface FilterChangesOptions {
  /** Makes the tries; its network is the one whose filter it is. */
  readonly program: NftProgram
  /** A table with which it is tried whether changes are heard: it comes and goes in one transaction. */
  readonly knock: string
  /** How often that is tried, in milliseconds; 30 s where nothing is said. */
  readonly everyMs?: number
}

const TRY_MS = 30_000
/** After so many tries everything is seen anew, whatever was heard. */
const ANEW_AFTER = 10
const PATIENCE_MS = [300, 1_000, 3_000, 9_000]
const LOOK_MS = 20
const AGAIN_MS = 2_000
const MISSED = 1_000
const GENERATIONS = /^# new generation /gm
/** After this much the listener is replaced: what it remembers grows with what it tells. */
const CUT_BYTES = 1_048_576
const ENV = { LC_ALL: 'C' }

/** A try as it was told of: from where on in the listener's file, and how many bytes that were of nothing else. */
interface Heard {
  readonly from: number
  readonly bytes: number
}
const NOTHING_HEARD: Heard = { from: 0, bytes: 0 }

interface Listener {
  readonly file: FileHandle
  /** How many changes it has told of. */
  readonly changes: () => Promise<number>
  readonly end: () => void
}

/**
 * Follows the filter by `nft monitor`, which tells of every change of rules and members, but not of what packets do. It
 * writes to a file whose length is looked at: thousands of members that are loaded wake nobody here.
 */
export function watchFilterChanges(options: FilterChangesOptions, signal: AbortSignal): FilterChanges {
  let heard: Listener | undefined
  let count = 0
  /** Changes that listeners before this one told of, and more: what was missed between two is none of a known number. */
  let toldBefore = 0
  /** Bytes that tell of nothing but tries, and up to where what was told has been answered for. */
  let [ofTries, answered] = [0, 0]
  const listenOnce = async (file: FileHandle) => {
    const over = new AbortController()
    const changes = countChanges(file)
    let tries = 0
    const told = (well: boolean, { from, bytes } = NOTHING_HEARD) => {
      const goesOn = well && heard !== undefined
      heard = well ? { file, changes, end: () => over.abort() } : undefined
      // What was in a mark already stays in it: the same mark must never come again.
      if (answered <= from) ofTries += bytes
      if (!goesOn || ++tries % ANEW_AFTER === 0) count += 1
    }
    try {
      ;[ofTries, answered] = [0, 0]
      await listen(options, file, AbortSignal.any([signal, over.signal]), told)
    } finally {
      heard = undefined
      toldBefore += (await changes()) + MISSED
      await file.close()
    }
  }
  const forever = async () => {
    while (!signal.aborted) {
      // Without a listener each look is a real one: dearer, and as good.
      await openMemoryFile()
        .then(listenOnce)
        .catch(() => {})
      await pause(AGAIN_MS, signal)
    }
  }
  void forever()
  return {
    mark: async () => {
      const now = heard
      if (now === undefined) return undefined
      const { size } = await now.file.stat()
      if (size > CUT_BYTES) now.end()
      if (size > CUT_BYTES || now !== heard) return undefined
      answered = size
      return `${count} ${size - ofTries}`
    },
    told: async () => {
      const now = heard
      const changes = await now?.changes().catch(() => undefined)
      return changes === undefined || now !== heard ? undefined : toldBefore + changes
    },
    note: () => {
      count += 1
    },
  }
}

/** How many changes a listener has told of: each ends with a line that numbers it. */
function countChanges(file: FileHandle): () => Promise<number> {
  const inTurn = makeInTurn()
  let [read, changes] = [0, 0]
  return () =>
    inTurn(async () => {
      const text = await textSince(file, read)
      const end = text.lastIndexOf('\n') + 1
      read += end
      changes += text.slice(0, end).match(GENERATIONS)?.length ?? 0
      return changes
    })
}

/** Runs the listener until it ends or is found deaf. */
async function listen(
  { program, knock, everyMs = TRY_MS }: FilterChangesOptions,
  told: FileHandle,
  signal: AbortSignal,
  say: (well: boolean, heard?: Heard) => void,
): Promise<void> {
  const [file = 'nft', ...args] = [...program.enter, 'nft', 'monitor']
  const over = new AbortController()
  const ends = AbortSignal.any([signal, over.signal])
  const ended = run([file, ...args], { env: ENV, outputTo: told.fd, signal: ends }).then(
    () => over.abort(),
    () => over.abort(),
  )
  try {
    while (!ends.aborted) {
      const heard = await hear({ program, knock }, told, ends, () => say(false))
      if (heard === undefined) return
      say(true, heard)
      await pause(everyMs, ends)
    }
  } finally {
    say(false)
    over.abort()
    await ended
  }
}

/** Whether nothing else was told of: each change with the line that counts it. */
const isOnlyOf = (knock: string, text: string) =>
  text.endsWith('\n') &&
  text
    .trimEnd()
    .split('\n')
    .every((line) => line.endsWith(` ${knock}`) || line.startsWith('# new generation '))

/** Makes a change that changes nothing, again until it is heard: on a busy machine that can take its time. */
async function hear(
  { program, knock }: FilterChangesOptions,
  told: FileHandle,
  signal: AbortSignal,
  late: () => void,
): Promise<Heard | undefined> {
  const nft = makeNftBy(program)
  const { size } = await told.stat()
  for (const patienceMs of PATIENCE_MS) {
    await nft.load(`add table inet ${knock}\ndelete table inet ${knock}\n`)
    for (const end = performance.now() + patienceMs; performance.now() < end; ) {
      // Whoever is behind tells of what came before it.
      const text = await textSince(told, size)
      if (text.includes(knock)) return { from: size, bytes: isOnlyOf(knock, text) ? text.length : 0 }
      if (signal.aborted) return undefined
      await pause(LOOK_MS, signal)
    }
    late()
  }
  return undefined
}

const textSince = async (file: FileHandle, from: number) => (await readSince(file, from)).toString('latin1')
