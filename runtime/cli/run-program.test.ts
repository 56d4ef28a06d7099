import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { runProgram } from './run-program.ts'
import { makeTestContext } from './test-context.ts'
import { failing, json, serve } from './test-server.ts'

type Answers = Parameters<typeof serve>[1]

/** Runs a command line against a server with these answers. */
async function maru(t: TestContext, args: readonly string[], answers: Answers = {}, input = '') {
  const { home, seen } = await serve(t, answers)
  const { context, printed } = makeTestContext({ env: { MARU_HOME: home }, cwd: home, uid: 0, input })
  await runProgram(args, context)
  return { ...printed, seen, routes: seen.map(({ route }) => route) }
}

const OPERATION = { id: 'op_abcdefgh', kind: 'deploy', app: 'shop' }
const accepted = json(OPERATION, 202)
const ends =
  (...events: readonly object[]): Answers[string][number] =>
  (_request, response) =>
    void response.end(events.map((event, i) => `id: ${i + 1}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
const done = ends({ type: 'done', text: 'Deployed v1', url: 'https://shop.example.org', release: 1 })
const APP = {
  id: 'app_abcd',
  name: 'shop',
  team: 'team_home',
  url: 'https://shop.example.org',
  createdAt: '2026-03-10T11:00:00Z',
  release: 3,
  state: 'running',
  instances: { running: 2, wanted: 2 },
}

async function folderWithIndex(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shop-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'index.html'), '<h1>hello</h1>')
  return folder
}

test('deploy creates the app, uploads, deploys and prints the address', async (t) => {
  const result = await maru(t, ['deploy', await folderWithIndex(t), '--app', 'shop'], {
    'apps.get': [failing('apps.not_found', { app: 'shop' })],
    'apps.create': [json(APP, 201)],
    'apps.upload': [json({ source: 'src_abcd', sizeBytes: 9, files: 1 }, 201)],
    'apps.deploy': [accepted],
    'operations.events': [done],
  })
  assert.equal(result.exit, 0, result.stderr)
  assert.equal(result.stdout, 'https://shop.example.org\n')
  assert.match(result.stderr, /Created shop.*\n.*Uploading 1 file, 14 B\n.*Deployed v1/s)
  assert.deepEqual(result.routes, [
    'apps.get',
    'apps.create',
    'apps.upload',
    'apps.deploy',
    'operations.events',
  ])
})

test('a failed deploy shows what, why and next, and exits with its code', async (t) => {
  const error = new MaruError('apps.build_failed', { reason: 'npm ended with 1' })
  const answers = {
    'apps.get': [json(APP)],
    'apps.upload': [json({ source: 'src_abcd', sizeBytes: 9, files: 1 }, 201)],
    'apps.deploy': [accepted],
    'operations.events': [ends({ type: 'failed', error: error.toBody().error })],
  }
  const args = ['deploy', await folderWithIndex(t), '--app', 'shop']
  const human = await maru(t, args, answers)
  assert.equal(human.exit, 1)
  assert.match(human.stderr, /Error: The build failed: npm ended with 1\.\nNext: {2}Its log says why/)
  const script = await maru(t, [...args, '--json'], answers)
  assert.deepEqual(JSON.parse(script.stderr), error.toBody())
  assert.equal(script.stdout.trim().split('\n').length, 2)
})

test('a bad folder is refused before anything is sent', async (t) => {
  const { exit, routes } = await maru(t, ['deploy', '/nowhere', '--app', 'shop'], { 'apps.get': [json(APP)] })
  assert.equal(exit, 2)
  assert.deepEqual(routes, [])
})

test('bad command lines exit with 2 and send nothing', async (t) => {
  const cases: Array<[string[], RegExp]> = [
    [['depoy'], /unknown command 'depoy' \(Did you mean deploy\?\)/],
    [['deploy', '--bogus'], /unknown option '--bogus'/],
    [['scale'], /missing required argument/],
    [['scale', 'web=many', '--app', 'shop'], /web: must be a whole number/],
    [['rollback', 'latest', '--app', 'shop'], /RELEASE: must be a release number/],
    [['config', 'set', 'lower=1', '--app', 'shop'], /lower: must be upper-case/],
    [['config', 'set', 'novalue', '--app', 'shop'], /must look like NAME=VALUE/],
    [['logs', '--tail', 'x', '--app', 'shop'], /tail: /],
    [['ps', '--app', 'a"\n$(x)'], /--app: must be 2 to 40 characters/],
    [['operation', '../x'], /ID: must look like op_/],
    [['tokens', 'create', 'bot', '--days', 'x'], /--days: must be a whole number/],
  ]
  for (const [args, expected] of cases) {
    const result = await maru(t, args)
    assert.match(result.stderr, expected)
    assert.equal(result.exit, 2, args.join(' '))
    assert.deepEqual(result.routes, [])
  }
})

test('exit codes follow the catalogue, errors are JSON where asked for', async (t) => {
  const busy = {
    'apps.restart': [failing('apps.busy', { kind: 'deploy', app: 'shop', operation: 'op_x', next: 'Wait.' })],
  }
  assert.equal((await maru(t, ['restart', '--app', 'shop'], busy)).exit, 3)
  for (const args of [
    ['--json', 'restart', '--app', 'shop'],
    ['restart', '--app', 'shop', '--json'],
  ]) {
    const result = await maru(t, args, busy)
    assert.equal(JSON.parse(result.stderr).error.code, 'apps.busy')
    assert.equal(result.exit, 3)
  }
})

test('destroy wants the name', async (t) => {
  const answers = { 'apps.get': [json(APP)], 'apps.destroy': [accepted], 'operations.events': [done] }
  const silent = await maru(t, ['destroy', 'shop'], answers)
  assert.equal(silent.exit, 2)
  assert.match(silent.stderr, /--confirm: is needed where there is no terminal/)
  const wrong = await maru(t, ['destroy', 'shop', '--confirm', 'shoop'], answers)
  assert.equal(wrong.exit, 2)
  assert.deepEqual(wrong.routes, ['apps.get'])
  const right = await maru(t, ['destroy', 'shop', '--confirm', 'shop'], answers)
  assert.equal(right.exit, 0, right.stderr)
})

test('config reads files and standard input, and shows values only when asked', async (t) => {
  const stored = { 'apps.configChange': [json({ changed: true, operation: null }, 202)] }
  const set = await maru(t, ['config', 'set', 'A=1', '-', '--app', 'shop'], stored, 'B="two words"\n')
  assert.deepEqual(JSON.parse(set.seen[0]?.body ?? ''), { values: { A: '1', B: 'two words' } })
  assert.match(set.stdout, /the first deploy of shop uses it/)
  const same = { 'apps.configChange': [json({ changed: false, operation: null }, 202)] }
  assert.match(
    (await maru(t, ['config', 'unset', 'NOPE', '--app', 'shop'], same)).stdout,
    /^Nothing to change/,
  )
  const answers = {
    'apps.configNames': [json({ names: ['A'] })],
    'apps.configValues': [json({ values: { A: 'secret' } })],
  }
  assert.match((await maru(t, ['config', '--app', 'shop'], answers)).stdout, /^A {2}\(hidden/)
  assert.equal((await maru(t, ['config', '--show', '--app', 'shop'], answers)).stdout, 'A  secret\n')
})

test('tables for people, documents for scripts', async (t) => {
  const answers = { 'apps.list': [json({ apps: [APP] })] }
  assert.equal(
    (await maru(t, ['apps'], answers)).stdout,
    'NAME  STATE    RELEASE  INSTANCES  URL\nshop  running  v3       2/2        https://shop.example.org\n',
  )
  assert.deepEqual(JSON.parse((await maru(t, ['apps', '--json'], answers)).stdout), { apps: [APP] })
})

test('a log cannot play with the terminal unless it is asked to', async (t) => {
  const line = {
    at: '2026-03-10T11:00:00.000Z',
    instance: 'web.1',
    stream: 'stdout',
    line: '\u001b]0;owned\u0007',
  }
  const answers = {
    'apps.logs': [
      (_request: unknown, response: { end(text: string): void }) => response.end(`${JSON.stringify(line)}\n`),
    ],
  }
  const shown = await maru(t, ['logs', '--app', 'shop'], answers)
  assert.equal(shown.stdout, '2026-03-10T11:00:00Z web.1 \\x1b]0;owned\\x07\n')
  assert.ok((await maru(t, ['logs', '--app', 'shop', '--raw'], answers)).stdout.includes(line.line))
  assert.deepEqual(JSON.parse((await maru(t, ['logs', '--app', 'shop', '--json'], answers)).stdout), line)
  const empty = { 'apps.logs': [(_request: unknown, response: { end(): void }) => response.end()] }
  const silent = await maru(t, ['logs', '--app', 'shop', '-p', 'worker'], empty)
  assert.match(silent.stderr, /Nothing printed by process type worker of shop/)
})

test('help is for everybody', async (t) => {
  const alone = await maru(t, [])
  assert.match(alone.stdout, /^Usage: maru/)
  assert.equal(alone.exit, 0)
  assert.match((await maru(t, ['config', 'set', '--help'])).stdout, /Examples:\n {2}\$ maru config set/)
})
