import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, afterEach, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type BuildOutcome, builtImage, makeTestBuilder, pkg, type TestBuilder } from './test-builder.ts'

let host: TestBuilder
before(async () => {
  host = await makeTestBuilder(214)
})
after(() => host.destroy())
afterEach(async () => assert.deepEqual(await host.leftovers(), []))

const example = (path: string) =>
  readFile(fileURLToPath(new URL(`../../examples/${path}`, import.meta.url)), 'utf8')
const start = { start: 'node server.js' }

async function notes(): Promise<Record<string, string>> {
  const names = ['package.json', 'package-lock.json', 'Procfile', 'server.js', 'page.js', 'migrate.js']
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await example(`notes/${name}`)])),
  )
}

test('npm: installs, keeps the packages, and is quick when they are unchanged', async (t) => {
  const files = await notes()
  const cold = await host.build(files, { app: 'notes' })
  const image = builtImage(cold)
  assert.equal(await host.run(image, ['node', '-p', 'require("pg/package.json").name']), 'pg')
  assert.equal(await host.run(image, ['id', '-u']), '10002')
  const { 'page.js': _, ...others } = files
  const warm = await host.build({ ...others, 'new.js': '1' }, { app: 'notes' })
  assert.ok(isUnchanged(warm), warm.lines.join('\n'))
  const look =
    'require("pg/package.json").name + " " + fs.existsSync("new.js") + " " + fs.existsSync("page.js")'
  assert.equal(await host.run(builtImage(warm), ['node', '-p', look]), 'pg true false')
  t.diagnostic(`cold ${cold.seconds.toFixed(2)} s, warm ${warm.seconds.toFixed(2)} s`)
  assert.ok(warm.seconds < 6, `${warm.seconds} s`)
})

const isUnchanged = ({ lines }: BuildOutcome) => lines.includes('-----> Dependencies are unchanged')

test('packages are installed again when something that decides about them is different', async () => {
  const files = await notes()
  const first = await host.build(files, { app: 'settled' })
  builtImage(first)
  const settings = await host.build({ ...files, '.npmrc': 'legacy-peer-deps=true\n' }, { app: 'settled' })
  builtImage(settings)
  assert.ok(!isUnchanged(settings), settings.lines.join('\n'))
  const configured = await host.build(files, { app: 'settled', env: { NPM_CONFIG_LOGLEVEL: 'error' } })
  builtImage(configured)
  assert.ok(!isUnchanged(configured), configured.lines.join('\n'))
  const other = await host.build(files, { app: 'other' })
  builtImage(other)
  assert.ok(!isUnchanged(other), "another app's packages were used")
  const back = await host.build(files, { app: 'settled' })
  builtImage(back)
  assert.ok(isUnchanged(back), back.lines.join('\n'))
})

test('a source with nothing to install and nothing to build', async () => {
  const outcome = await host.build({ 'package.json': pkg({ scripts: start }), 'server.js': '' })
  assert.deepEqual(
    outcome.lines.map((line) => line.replace(/\d+\.\d+\.\d+/, 'X')),
    ['-----> Node X', '-----> Nothing to install'],
  )
  assert.equal(await host.run(builtImage(outcome), ['ls']), 'package.json\nserver.js')
})

test('a build script sees development packages and configuration; the result has neither', async () => {
  const lock = {
    name: 'x',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': { name: 'x', version: '1.0.0', devDependencies: { ms: '2.1.3' } },
      'node_modules/ms': {
        version: '2.1.3',
        resolved: 'https://registry.npmjs.org/ms/-/ms-2.1.3.tgz',
        integrity:
          'sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==',
        dev: true,
      },
    },
  }
  const files = {
    'package.json': pkg({
      scripts: {
        ...start,
        build: "node -e \"console.log(require('ms')('1h'), process.env.API_KEY)\" && echo made > made.txt",
      },
      devDependencies: { ms: '2.1.3' },
    }),
    'package-lock.json': JSON.stringify(lock),
    'server.js': '',
  }
  const options = { app: 'scripted', env: { API_KEY: 'very-secret-value' } }
  const first = await host.build(files, options)
  const again = await host.build(files, options)
  assert.deepEqual([isUnchanged(first), isUnchanged(again)], [false, true])
  assert.ok(first.lines.includes('3600000 [hidden]'), first.lines.join('\n'))
  assert.ok(again.lines.includes('3600000 [hidden]'), again.lines.join('\n'))
  const image = builtImage(again)
  assert.equal(await host.run(image, ['cat', 'made.txt']), 'made')
  assert.match(await host.run(image, ['sh', '-c', 'ls node_modules/ms 2>&1']), /No such file/)
  assert.doesNotMatch(await host.run(image, ['env']), /very-secret/)
})
