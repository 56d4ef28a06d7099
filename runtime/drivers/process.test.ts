import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
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

test('an interrupt reaches a program and what it waits for, once, and it ends as it likes', async () => {
  const interrupt = new AbortController()
  // Were only the first asked, it would wait for the other one, who says when both are there.
  const other = 'bash -c "echo begun; exec sleep 60"'
  const argv = ['bash', '-c', `trap "echo asked; exit 7" INT; ${other}; exit 8`] as const
  const done = await run(argv, {
    interrupt: interrupt.signal,
    timeoutMs: 30_000,
    onOutput: (text) => text.startsWith('begun') && interrupt.abort(),
  })
  assert.deepEqual([done.exitCode, done.stdout, done.timedOut], [7, 'begun\nasked\n', false])
})

test('a program in a group of its own ends with the one that started it', async () => {
  const script = `import { run } from ${JSON.stringify(join(import.meta.dirname, 'process.ts'))}
    const tell = (text) => process.stdout.write(text, () => process.exit())
    await run(['bash', '-c', 'echo $$; exec sleep 60'], { interrupt: new AbortController().signal, onOutput: tell })`
  const { stdout } = await run([process.execPath, '--input-type=module', '--eval', script])
  const pid = Number(stdout)
  assert.ok(pid > 0, stdout)
  const end = performance.now() + 10_000
  while (existsSync(`/proc/${pid}/exe`) && performance.now() < end) await pause(20)
  assert.ok(!existsSync(`/proc/${pid}/exe`), `${pid} is still there`)
})
