import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WriteStream } from 'node:tty'
import { makeHostProgress } from '#platform/hosts/index.ts'
import { parseUp } from './up-steps.ts'

test('the steps are read from what `maru up` really says', async () => {
  const pieces: string[] = []
  const stream = { write: (piece: string) => pieces.push(piece) } as unknown as WriteStream
  const progress = makeHostProgress(stream, false)
  await progress.step('Image base', 40, '/a.log', async () => {})
  await progress.step('Control plane, edge and agent', 8, undefined, async () => {})
  assert.deepEqual(
    parseUp(pieces.join(''), 2).steps.map(({ title }) => title),
    ['Image base', 'Control plane, edge and agent'],
  )
  assert.deepEqual(parseUp('… A (about 3 s)\n✓ A  12.5 s\n', 13), {
    steps: [{ title: 'A', seconds: 12.5 }],
    seconds: 13,
  })
})
