import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argvOf } from './command-line.ts'

const BRACED = ['$', '{PORT}'].join('')
const TABLE: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['', []],
  ['node server.js', ['node', 'server.js']],
  ['  node   server.js --port=8080 ', ['node', 'server.js', '--port=8080']],
  ['http-server -p $PORT', ['/bin/sh', '-c', 'exec http-server -p $PORT']],
  [`node -e "console.log('a b')"`, ['/bin/sh', '-c', `exec node -e "console.log('a b')"`]],
  [`serve -p ${BRACED}`, ['/bin/sh', '-c', `exec serve -p ${BRACED}`]],
  ['NODE_ENV=test node server.js', ['/bin/sh', '-c', 'exec env NODE_ENV=test node server.js']],
  ['node a.js && node b.js', ['/bin/sh', '-c', 'node a.js && node b.js']],
  ['cd src', ['/bin/sh', '-c', 'cd src']],
]

for (const [line, argv] of TABLE) {
  test(`${JSON.stringify(line)} becomes ${JSON.stringify(argv)}`, () => assert.deepEqual(argvOf(line), argv))
}
