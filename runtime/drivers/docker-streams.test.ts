import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { readFrames, readLogLines } from './docker-streams.ts'

function frame(stream: 1 | 2, text: string): Buffer {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}
/** The same bytes, cut at every place. */
const pieces = (bytes: Buffer) => Readable.from([...bytes].map((byte) => Buffer.from([byte])))

test('frames are found wherever the stream is cut', async () => {
  const bytes = Buffer.concat([frame(1, 'out'), frame(2, 'err'), frame(1, '')])
  const frames = await Array.fromAsync(readFrames(pieces(bytes)))
  assert.deepEqual(
    frames.map(({ stream, data }) => [stream, data.toString()]),
    [
      ['stdout', 'out'],
      ['stderr', 'err'],
      ['stdout', ''],
    ],
  )
})

test('a long line that the engine stored in pieces is whole again', async () => {
  const bytes = Buffer.concat([
    frame(1, '2026-01-01T00:00:00.000000001Z one '),
    frame(2, '2026-01-01T00:00:00.000000002Z between\n'),
    frame(1, '2026-01-01T00:00:00.000000003Z two\n'),
    frame(1, '2026-01-01T00:00:00.000000004Z unfinished'),
  ])
  assert.deepEqual(await Array.fromAsync(readLogLines(Readable.from([bytes]))), [
    { at: '2026-01-01T00:00:00.000000002Z', stream: 'stderr', line: 'between' },
    { at: '2026-01-01T00:00:00.000000001Z', stream: 'stdout', line: 'one two' },
    { at: '2026-01-01T00:00:00.000000004Z', stream: 'stdout', line: 'unfinished' },
  ])
})
