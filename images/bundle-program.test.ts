import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { run } from '#runtime/drivers/process.ts'
import { bundle, bundleProgram } from './bundle-program.ts'
import { bundleEntries } from './content.ts'

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

test('the bundler that comes out of a bundle, as the command line does, tells places as well', async (t) => {
  // Where the bundler finds the packages that it leaves out.
  await mkdir(join(PROGRAM, 'node_modules/.cache'), { recursive: true })
  const work = await mkdtemp(join(PROGRAM, 'node_modules/.cache/bundler-'))
  t.after(() => rm(work, { recursive: true }))
  const bundler = join(work, 'bundler.ts')
  const source = join(PROGRAM, 'images/bundle-program.ts')
  await writeFile(
    bundler,
    `import { bundle } from ${JSON.stringify(source)}\nawait bundle(JSON.parse(process.argv[2]))\n`,
  )
  await writeFile(join(work, 'asks.ts'), 'console.log(import.meta.dirname, import.meta.url)\n')
  const programs = { bundler: relative(PROGRAM, bundler) }
  const common = { placedAt: '/elsewhere', without: ['rolldown'], target: join(work, 'made') }
  await bundle({ ...common, programDir: PROGRAM, programs })
  const order = JSON.stringify({ ...common, programDir: work, programs: { asks: 'asks.ts' } })
  const made = await run([process.execPath, join(work, 'made/bundler.js'), order])
  assert.deepEqual([made.exitCode, made.stderr], [0, ''])
  const asked = await run([process.execPath, join(work, 'made/asks.js')])
  assert.equal(asked.stdout, '/elsewhere file:///elsewhere/asks.ts\n')
})

test('a bundling that fails names the step, the reason and the log that has all of it', async (t) => {
  const programDir = await mkdtemp(join(tmpdir(), 'maru-bundle-'))
  t.after(() => rm(programDir, { recursive: true }))
  await mkdir(join(programDir, 'bin'))
  await writeFile(join(programDir, 'bin/maru-server.ts'), "import './not-there.ts'\n")
  await writeFile(join(programDir, 'bin/maru-agent.ts'), 'export {}\n')
  const logFile = join(programDir, 'build.log')
  const failed = bundleEntries({ programDir, workDir: join(programDir, 'work'), logFile })
  await assert.rejects(failed, (error: unknown) => {
    assert.ok(error instanceof MaruError)
    assert.equal(error.code, 'hosts.step_failed')
    assert.match(error.message, /bundling the programs failed: .*Could not resolve '\.\/not-there\.ts'/)
    return true
  })
  assert.match(await readFile(logFile, 'utf8'), /not-there\.ts/)
})
