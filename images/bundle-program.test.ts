import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '#runtime/drivers/process.ts'
import { bundleProgram } from './bundle-program.ts'

const PROGRAM = join(import.meta.dirname, '..')

test('the bundled programs start by themselves, and look for their files where the image has them', async (t) => {
  const target = await mkdtemp(join(tmpdir(), 'maru-bundle-'))
  t.after(() => rm(target, { recursive: true }))
  await bundleProgram(PROGRAM, target)
  const files = await readdir(target)
  const code = (await Promise.all(files.map((file) => readFile(join(target, file), 'utf8')))).join('\n')
  assert.ok(!code.includes(`"${PROGRAM}`), 'a place on this machine is in the bundle')
  assert.match(code, /join\("\/maru-program\/runtime\/server", "\.\.\/\.\.\/migrations"\)/)
  const agent = await run([process.execPath, join(target, 'maru-agent.js')])
  assert.deepEqual([agent.exitCode, agent.stderr], [2, 'maru-agent --config FILE\n'])
  const server = await run([process.execPath, join(target, 'maru-server.js'), '--config', '/nowhere.json'])
  assert.match(server.stderr, /ENOENT: no such file or directory, open '\/nowhere\.json'/)
})
