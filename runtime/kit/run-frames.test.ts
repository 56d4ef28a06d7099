import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RUN_FRAME } from '#contract/apps.ts'
import { encodeFrame, FRAME_MAX_BYTES, makeFrameReader } from './run-frames.ts'

test('frames survive being cut at any byte', () => {
  const sent = [
    encodeFrame(RUN_FRAME.stdin, 'hello'),
    encodeFrame(RUN_FRAME.stdinEnd),
    encodeFrame(RUN_FRAME.exit, JSON.stringify({ exitCode: 3 })),
  ]
  const bytes = Buffer.concat(sent)
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const read = makeFrameReader()
    const got: string[] = []
    for (let at = 0; at < bytes.length; at += size)
      for (const frame of read(bytes.subarray(at, at + size))) got.push(`${frame.kind}:${frame.payload}`)
    assert.deepEqual(got, ['0:hello', '3:', '5:{"exitCode":3}'])
  }
})

test('a length that no side sends is refused instead of waited for', () => {
  const bytes = Buffer.alloc(5)
  bytes.writeUInt32BE(FRAME_MAX_BYTES + 1, 1)
  assert.throws(() => makeFrameReader()(bytes), RangeError)
})
