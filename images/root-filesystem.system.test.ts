import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { exists } from '#runtime/drivers/files.ts'
import { run } from '#runtime/drivers/process.ts'
import { removeWork } from './root-filesystem.ts'

test('what a killed build left mounted, and somebody still looks into, is unmounted before its folder is removed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-work-'))
  const proc = join(folder, 'mmdebstrap.x', 'proc')
  await mkdir(proc, { recursive: true })
  assert.equal((await run(['mount', '-t', 'proc', 'proc', proc])).exitCode, 0)
  const onlooker = spawn('sleep', ['60'], { cwd: proc })
  await once(onlooker, 'spawn')
  t.after(async () => {
    onlooker.kill()
    await run(['umount', '--lazy', proc])
    await rm(folder, { recursive: true, force: true })
  })
  assert.notEqual((await run(['umount', proc])).exitCode, 0)

  await removeWork(folder)
  assert.equal(await exists(folder), false)
  assert.ok(!(await readFile('/proc/self/mounts', 'utf8')).includes(folder))
})
