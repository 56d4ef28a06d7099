import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

/** A program that stands in for the engine; the supervisor finds it on the PATH. */
async function startSupervisor(engine: string) {
  const folder = await mkdtemp(join(tmpdir(), 'maru-engine-'))
  const file = join(folder, 'dockerd')
  await writeFile(file, engine)
  await chmod(file, 0o755)
  const program = join(import.meta.dirname, 'engine-supervisor.ts')
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  // Listened for from the start: it may end before anybody has read its last line.
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (text: string) => {
    for (;;) {
      const { value, done } = await lines.next()
      assert.ok(!done, `it ended before it printed ${text}`)
      if (value.includes(text)) return
    }
  }
  return { child, ended, next, clean: () => rm(folder, { recursive: true }) }
}

test('an engine that ends is started again; the end of the supervisor is the end of the engine', async () => {
  const { child, ended, next, clean } = await startSupervisor(
    '#!/bin/sh\ntrap "echo engine-told; exit 0" TERM\necho engine-runs "$@"\n[ -e "$0.again" ] && while :; do sleep 0.1; done\ntouch "$0.again"; exit 7\n',
  )
  try {
    await next('engine-runs --no-new-privileges --live-restore')
    await next('"event":"engine.ended","code":7')
    await next('engine-runs')
    child.kill('SIGTERM')
    await next('engine-told')
    const [code] = await ended
    assert.equal(code, 0)
  } finally {
    child.kill('SIGKILL')
    await clean()
  }
})
