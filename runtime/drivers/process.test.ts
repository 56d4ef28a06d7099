import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from './process.ts'

test('a program whose input is kept open goes on until that is over, and ends by itself', async () => {
  const stopping = new AbortController()
  const argv = ['bash', '-c', 'echo begun; read -r line; echo "ended with $?"'] as const
  const done = await run(argv, {
    inputUntil: stopping.signal,
    timeoutMs: 30_000,
    onOutput: (text) => text.startsWith('begun') && stopping.abort(),
  })
  assert.deepEqual([done.exitCode, done.timedOut], [0, false])
  assert.equal(done.stdout, 'begun\nended with 1\n')
})

test('without that a program reads end of file at once, or what it was given', async () => {
  assert.equal((await run(['cat'], {})).stdout, '')
  assert.equal((await run(['cat'], { input: 'given' })).stdout, 'given')
})
