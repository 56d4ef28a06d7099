import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { folderWith, HOME, ROOT, waitFor } from './harness.ts'

const ENDS_MS = 30_000

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  test(`${signal} ends a benchmark that takes minutes, which says so and writes no document`, async (t) => {
    const folder = join(await folderWith(t, {}), 'docs')
    const argv = ['bench', 'idle', '--home', HOME, '--output', folder]
    const child = spawn(join(ROOT, 'maru'), argv, { stdio: ['ignore', 'pipe', 'pipe'] })
    t.after(() => child.kill('SIGKILL'))
    const ended = once(child, 'close')
    const printed = text(child.stdout)
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (more) => {
      said += more
    })
    await waitFor('the benchmark to begin', async () => said.includes('At rest'))
    child.kill(signal)
    await waitFor('its end', async () => child.exitCode !== null, ENDS_MS)
    assert.deepEqual(await ended, [1, null])
    assert.match(said, /Ending: what this run has made is being removed\. Once more ends at once/)
    assert.match(await printed, /At rest\n {2}not measured: it was interrupted/)
    assert.ok(!existsSync(folder))
  })
