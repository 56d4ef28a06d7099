import type { Readable } from 'node:stream'

/** A piece of output: what a container wrote to one of its two streams in one go. */
export interface OutputFrame {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Buffer
}

/** A line of a container's log. */
export interface EngineLogLine {
  readonly at: string
  readonly stream: 'stdout' | 'stderr'
  readonly line: string
}

/** Longer lines are cut into pieces, so that one endless line cannot fill the memory. */
const LINE_MAX = 64 * 1024

/** Takes the engine's multiplexed stream apart: 1 byte stream, 3 bytes nothing, 4 bytes length, payload. */
export async function* readFrames(source: Readable): AsyncIterable<OutputFrame> {
  let held: Buffer = Buffer.alloc(0)
  for await (const chunk of source as AsyncIterable<Buffer>) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    while (held.length >= 8) {
      const length = held.readUInt32BE(4)
      if (held.length < 8 + length) break
      const stream = held[0] === 2 ? 'stderr' : 'stdout'
      yield { stream, data: held.subarray(8, 8 + length) }
      held = held.subarray(8 + length)
    }
  }
}

/** A terminal's stream is not multiplexed: everything is standard output. */
export async function* readTerminal(source: Readable): AsyncIterable<OutputFrame> {
  for await (const chunk of source as AsyncIterable<Buffer>) yield { stream: 'stdout', data: chunk }
}

/**
 * Log lines with their time. The engine stores at most 16 KB in a piece and stamps each piece, so a frame without a
 * line end goes on in the next frame of the same stream.
 */
export async function* readLogLines(source: Readable): AsyncIterable<EngineLogLine> {
  const open: Record<OutputFrame['stream'], { at: string; text: string } | undefined> = {
    stdout: undefined,
    stderr: undefined,
  }
  for await (const { stream, data } of readFrames(source)) {
    const text = data.toString('utf8')
    const space = text.indexOf(' ')
    const at = text.slice(0, space)
    const piece = text.slice(space + 1)
    const before = open[stream]
    const line = { at: before?.at ?? at, text: (before?.text ?? '') + piece }
    const ended = piece.endsWith('\n')
    if (!ended && line.text.length < LINE_MAX) {
      open[stream] = line
      continue
    }
    open[stream] = undefined
    yield { at: toInstant(line.at), stream, line: ended ? line.text.slice(0, -1) : line.text }
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    const rest = open[stream]
    if (rest !== undefined) yield { at: toInstant(rest.at), stream, line: rest.text }
  }
}

/** Nanoseconds in UTC as the engine writes them; kept as they are when they parse, for their order. */
const toInstant = (text: string) => (Number.isNaN(Date.parse(text)) ? new Date(0).toISOString() : text)

/** Objects of a stream of JSON lines. */
export async function* readJsonLines<T>(source: Readable): AsyncIterable<T> {
  let held = ''
  source.setEncoding('utf8')
  for await (const chunk of source as AsyncIterable<string>) {
    const lines = (held + chunk).split('\n')
    held = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T
  }
  if (held.trim() !== '') yield JSON.parse(held) as T
}
