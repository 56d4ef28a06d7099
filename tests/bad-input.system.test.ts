import assert from 'node:assert/strict'
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { cli, cliError, cliJson, cliOk, folderWith, greeter, newApp, nodeApp, waitFor } from './harness.ts'
import { ask } from './https.ts'

const BAD_NAMES = [
  `it's`,
  'a"b',
  'two\nlines',
  '../up',
  '$(reboot)',
  '`id`',
  'UPPER',
  'a',
  'api',
  'x--y',
  '-x',
  'ü',
  '',
]

test('names that are no names are refused, and nothing is created', async () => {
  const before = await cliJson<{ apps: unknown[] }>(['apps'])
  for (const name of BAD_NAMES) {
    const error = await cliError(['deploy', 'examples/static-site', `--app=${name}`])
    assert.equal(error.exitCode, 2, `${JSON.stringify(name)}: ${error.message}`)
    assert.ok(error.hint)
  }
  assert.deepEqual(await cliJson<{ apps: unknown[] }>(['apps']), before)
})

test('a file name with a newline is refused and shown harmlessly', async (t) => {
  const folder = await folderWith(t, { 'index.html': 'x', 'two\nlines.txt': 'x' })
  const error = await cliError(['deploy', folder, '--app', newApp(t)])
  assert.equal(error.code, 'apps.source_invalid')
})

test('a link that leaves the folder is refused, one inside is kept', async (t) => {
  const folder = await folderWith(t, { 'index.html': 'inside' })
  await symlink('index.html', join(folder, 'again.html'))
  const app = newApp(t)
  await cliOk(['deploy', folder, '--app', app])
  assert.equal((await ask(app, { path: '/again.html' })).body, 'inside')
  await symlink('/etc/passwd', join(folder, 'passwd.txt'))
  const error = await cliError(['deploy', folder, '--app', app])
  assert.equal(error.code, 'apps.source_invalid')
  assert.match(error.message, /passwd\.txt/)
})

test('.env files and what is ignored never leave the machine', async (t) => {
  const folder = await folderWith(t, {
    'index.html': 'x',
    '.env': 'SECRET=1',
    '.env.production': 'SECRET=2',
    'notes.txt': 'private',
    '.maruignore': 'notes.txt\n',
  })
  const app = newApp(t)
  await cliOk(['deploy', folder, '--app', app])
  for (const path of ['/.env', '/.env.production', '/notes.txt'])
    assert.equal((await ask(app, { path })).status, 404, path)
})

test('a source of 2 GB is refused early', async (t) => {
  const folder = await folderWith(t, { 'index.html': 'x' })
  await writeFile(join(folder, 'huge.bin'), '')
  await truncate(join(folder, 'huge.bin'), 2 * 2 ** 30)
  const error = await cliError(['deploy', folder, '--app', newApp(t)])
  assert.equal(error.code, 'apps.source_too_large')
  assert.equal(error.exitCode, 2)
  assert.ok(error.seconds < 30, `${error.seconds} s`)
})

test('an empty folder, a missing lock file and a missing start are told apart', async (t) => {
  const manifest = (more: object) => ({
    'package.json': JSON.stringify({ name: 'x', private: true, ...more }),
  })
  const cases: ReadonlyArray<readonly [Record<string, string>, string]> = [
    [{ 'readme.txt': 'x' }, 'apps.source_unrecognised'],
    [manifest({ dependencies: { pg: '8.23.1' }, scripts: { start: 'node .' } }), 'apps.lockfile_missing'],
    [manifest({}), 'apps.no_start'],
    [manifest({ engines: { node: '>=99' }, scripts: { start: 'node .' } }), 'apps.engine_unsupported'],
    [{ 'package.json': '{ not json' }, 'apps.source_invalid'],
  ]
  for (const [files, code] of cases) {
    const error = await cliError(['deploy', await folderWith(t, files), '--app', newApp(t)])
    assert.equal(error.code, code, error.message)
    assert.equal(error.exitCode, 2)
  }
})

test('a folder that does not exist is named', async () => {
  const error = await cliError(['deploy', '/nowhere/at/all'])
  assert.equal(error.exitCode, 2)
  assert.match(error.message, /\/nowhere\/at\/all/)
})

test('values with quotes, newlines and $() reach the app as they are', async (t) => {
  const app = newApp(t)
  const value = `a "b" 'c' $(id) \`id\` \\ $HOME\nsecond line ü`
  const program = `
import { createServer } from 'node:http'
createServer((request, response) => response.end(process.env.ODD)).listen(process.env.PORT)
`
  await cli(['deploy', await folderWith(t, nodeApp(program)), '--app', app])
  await cliOk(['config', 'set', `ODD=${value}`, '--app', app])
  await waitFor('the value', async () => (await ask(app)).body === value)
  for (const change of ['PORT=1', 'lower=1', '1X=1', 'NO_VALUE'])
    assert.equal((await cliError(['config', 'set', change, '--app', app])).exitCode, 2, change)
})

test('of two deploys of one app at once, one wins and the other is told', async (t) => {
  const app = newApp(t)
  const folder = await folderWith(t, nodeApp(greeter('one')))
  await cliOk(['deploy', folder, '--app', app])
  const both = await Promise.all([1, 2].map(() => cli(['deploy', folder, '--app', app, '--json'])))
  const refused = both.filter(({ exitCode }) => exitCode !== 0)
  assert.equal(refused.length, 1, both.map(({ stderr }) => stderr).join('\n'))
  assert.equal(refused[0]?.exitCode, 3)
  assert.match(refused[0]?.stderr ?? '', /"apps\.busy"/)
  assert.equal((await ask(app)).body, 'one')
})

test('an unknown command suggests the right one', async () => {
  const done = await cli(['deplyo'])
  assert.equal(done.exitCode, 2)
  assert.match(done.stderr, /deploy/)
})

test('a deploy onto an almost full disk is refused before it starts', async (t) => {
  const folder = await folderWith(t, { 'index.html': 'x' })
  await mkdir(join(folder, 'empty'))
  const app = newApp(t)
  await cliOk(['deploy', folder, '--app', app])
  const { fillDisk } = await import('./full-disk.ts')
  await fillDisk(t)
  const error = await cliError(['deploy', folder, '--app', app])
  assert.equal(error.code, 'hosts.disk_full')
  assert.equal(error.exitCode, 3)
  assert.equal((await ask(app)).status, 200)
})
