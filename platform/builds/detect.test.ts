import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { detectApp } from './detect.ts'
import { parseProcfile } from './procfile.ts'
import { expandCommand } from './script-commands.ts'

const NODES = { versions: { 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' }, defaultMajor: 26 }

function detect(files: Record<string, string | object>) {
  const text = (name: string) => {
    const value = files[name]
    return value === undefined || typeof value === 'string' ? value : JSON.stringify(value)
  }
  const facts = {
    names: new Set(Object.keys(files)),
    packageJson: text('package.json'),
    procfile: text('Procfile'),
  }
  const { recipe, processes } = detectApp(facts, NODES)
  const words = Object.entries(processes).map(([type, command]) => `${type}=${command}`)
  return [Object.values(recipe).join(' '), ...words].join(' | ')
}

const start = { start: 'node server.js' }
const TABLE: ReadonlyArray<[Record<string, string | object>, string]> = [
  [{ Dockerfile: '', 'package.json': '{', 'index.html': '' }, 'dockerfile'],
  [{ Dockerfile: '', Procfile: 'web: run me' }, 'dockerfile | web=run me'],
  [{ 'index.html': '' }, 'static | web=maru-static .'],
  [{ 'public/index.html': '' }, 'static | web=maru-static public'],
  [{ 'package.json': { scripts: start }, 'index.html': '' }, 'node 26 none false | web=node server.js'],
  [{ 'package.json': {}, 'server.js': '' }, 'node 26 none false | web=node server.js'],
  [
    { 'package.json': { scripts: { ...start, build: 'x' } }, 'yarn.lock': '' },
    'node 26 yarn true | web=node server.js',
  ],
  [
    { 'package.json': { scripts: start, engines: { node: '22.x' } }, 'pnpm-lock.yaml': '' },
    'node 22 pnpm false | web=node server.js',
  ],
  [
    { 'package.json': { scripts: start, engines: { node: '<26' } } },
    'node 24 none false | web=node server.js',
  ],
  [
    {
      'package.json': { scripts: { ...start, prestart: 'node a' } },
      Procfile: 'web: npm start\nrelease: npm run go',
    },
    'node 26 none false | web=node a && node server.js | release=npm run go',
  ],
  [{ 'package.json': {}, Procfile: 'worker: node w.js' }, 'node 26 none false | worker=node w.js'],
]
for (const [files, expected] of TABLE) {
  test(`${Object.keys(files).join(', ')} is ${expected}`, () => assert.equal(detect(files), expected))
}

const ERRORS: ReadonlyArray<[Record<string, string | object>, string, RegExp]> = [
  [{ 'readme.md': '' }, 'apps.source_unrecognised', /package.json, index.html or Dockerfile/],
  [{ 'package.json': { dependencies: { a: '1' }, scripts: start } }, 'apps.lockfile_missing', /lock file/],
  [{ 'package.json': {} }, 'apps.no_start', /nothing to start/],
  [{ 'package.json': {}, Procfile: 'release: node m.js' }, 'apps.no_start', /nothing to start/],
  [
    { 'package.json': { scripts: start, engines: { node: '18' } } },
    'apps.engine_unsupported',
    /18 .*22, 24, 26/,
  ],
  [
    { 'package.json': { scripts: start, engines: { node: 'new' } } },
    'apps.source_invalid',
    /not a version range/,
  ],
  [{ 'package.json': '{' }, 'apps.source_invalid', /not valid JSON/],
  [{ 'package.json': { scripts: { start: 1 } } }, 'apps.source_invalid', /scripts.start/],
]
for (const [files, code, words] of ERRORS) {
  test(`${JSON.stringify(files)} is refused as ${code}`, () => {
    assert.throws(
      () => detect(files),
      (error: unknown) => {
        assert.ok(error instanceof MaruError)
        assert.equal(error.code, code)
        assert.match(error.message, words)
        return true
      },
    )
  })
}

test('a Procfile may have comments, blank lines and Windows line ends', () => {
  const text = '\uFEFF# processes\r\n\r\nweb: node a.js --url=http://x:1 # 1\r\nworker:node b.js\r\n'
  assert.deepEqual(parseProcfile(text), { web: 'node a.js --url=http://x:1 # 1', worker: 'node b.js' })
})

for (const [text, words] of [
  ['web node', /line 1: it must read/],
  ['\nWeb: x', /line 2: the process type/],
  ['web:', /line 1: web has no command/],
  ['web: a\nweb: b', /line 2: web is there twice/],
  ['web: a\u0007', /line 1: it has a control character/],
  ['# nothing', /names no process/],
  [`web: ${'x'.repeat(5000)}`, /longer than/],
] as const) {
  test(`the Procfile ${JSON.stringify(text.slice(0, 20))} is refused`, () => {
    assert.throws(() => parseProcfile(text), words)
  })
}

for (const [command, expected] of [
  ['npm start', 'node server.js'],
  ['npm run migrate && npm start', 'knex up && node server.js'],
  ['yarn migrate', 'knex up'],
  ['yarn install', 'yarn install'],
  ['npx knex up', 'knex up'],
  ['npm run loop', 'npm run loop'],
  ['sh -c "npm start"', 'sh -c "npm start"'],
  ['npm run toString', 'npm run toString'],
] as const) {
  test(`${command} runs ${expected}`, () => {
    const scripts = { start: 'node server.js', migrate: 'npx knex up', loop: 'npm run loop' }
    assert.equal(expandCommand(command, scripts), expected)
  })
}
