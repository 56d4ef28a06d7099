import assert from 'node:assert/strict'
import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { run } from '#runtime/drivers/process.ts'
import { bundleCommand } from './bundle-command.ts'
import { ROOT } from './source-tree.ts'

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-command-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

test('the bundled command line says what the sources say, and all of it comes from where `./maru` looks for changes', async (t) => {
  const folder = join(await temporary(t), 'bundle')
  await bundleCommand(ROOT, folder)
  const said = async (program: string) => (await run([process.execPath, program, 'drill', '--help'])).stdout
  assert.equal(await said(join(folder, 'maru.js')), await said(join(ROOT, 'bin/maru.ts')))
  const watched = /"\$here"\/\{([a-z,]+)\}/.exec(await readFile(join(ROOT, 'maru'), 'utf8'))?.[1]?.split(',')
  const code = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  const bundled = code
    .flatMap((text) => [...text.matchAll(/^\/\/ ([^\s/]+)\/\S+\.ts$/gm)])
    .map((found) => found[1])
  assert.ok(bundled.length > 300, `${bundled.length} files`)
  assert.deepEqual(
    [...new Set(bundled)].filter((part) => part !== 'node_modules' && !watched?.includes(part ?? '')),
    [],
  )
})

test('parts that a running command may still need stay for a day after their bundle was replaced', async (t) => {
  const folder = join(await temporary(t), 'bundle')
  await mkdir(folder)
  // What has been there for two days, and a part of the bundle before.
  const hours = { 'maru.js': 48, 'live.js': 48, 'old.js': 49, '.123': 49 }
  for (const [name, age] of Object.entries(hours)) {
    await writeFile(join(folder, name), '')
    const made = new Date(Date.now() - age * 60 * 60_000)
    await utimes(join(folder, name), made, made)
  }
  await bundleCommand(ROOT, folder)
  const have = await readdir(folder)
  assert.ok(have.includes('live.js') && have.includes('maru.js') && have.includes('maru-drill-in-lab.js'))
  assert.deepEqual(
    have.filter((name) => name === 'old.js' || name.startsWith('.')),
    [],
  )
})

/** A checkout with a program of one line. */
async function smallCheckout(t: TestContext): Promise<{ dir: string; say: (text: string) => Promise<void> }> {
  const dir = await temporary(t)
  for (const name of ['images', 'runtime', 'contract', 'tools'])
    await cp(join(ROOT, name), join(dir, name), { recursive: true })
  for (const name of ['bench', 'bin', 'drills', 'lab', 'platform', 'tests', 'node_modules'])
    await mkdir(join(dir, name))
  for (const name of ['maru', 'package.json', 'package-lock.json'])
    await copyFile(join(ROOT, name), join(dir, name))
  for (const name of await readdir(join(ROOT, 'node_modules')))
    if (!name.startsWith('.'))
      await symlink(join(ROOT, 'node_modules', name), join(dir, 'node_modules', name))
  await writeFile(join(dir, 'node_modules/.maru-stamp'), '')
  for (const name of ['maru-drill-in-lab', 'maru-lab-drills'])
    await writeFile(join(dir, `bin/${name}.ts`), '')
  const say = (text: string) => writeFile(join(dir, 'bin/maru.ts'), `console.log(${text}, process.argv[1])\n`)
  return { dir, say }
}

test('`./maru` starts from a bundle of the sources as they are, and from the sources where they cannot be bundled', async (t) => {
  const { dir, say } = await smallCheckout(t)
  const maru = async () => run([join(dir, 'maru')])
  const bundle = join(dir, 'node_modules/.cache/maru-command', dir, 'maru.js')
  for (const text of ['one', 'two']) {
    await say(JSON.stringify(text))
    const { exitCode, stdout, stderr } = await maru()
    assert.deepEqual([exitCode, stdout, stderr], [0, `${text} ${bundle}\n`, ''])
  }
  await say('"three" three')
  const broken = await maru()
  assert.notEqual(broken.exitCode, 0)
  assert.match(broken.stderr, /bin\/maru\.ts:1/)
})
