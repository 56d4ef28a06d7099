import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { textLines } from './text-lines.ts'

const linesOf = (chunks: readonly Uint8Array[], max?: number) =>
  Array.fromAsync(textLines(Readable.from(chunks, { objectMode: true }), max))

test('lines are whole however the bytes are cut', async () => {
  const bytes = Buffer.from('one\r\nzwölf 한\n\nlast')
  for (const size of [1, 2, 5, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    )
    assert.deepEqual(await linesOf(chunks), ['one', 'zwölf 한', '', 'last'])
  }
})

test('a flood without a line end comes in pieces', async () => {
  assert.deepEqual(await linesOf([Buffer.from('aaaa'), Buffer.from('bbbb'), Buffer.from('c\nd\n')], 3), [
    'aaaa',
    'bbbb',
    'c',
    'd',
  ])
})
