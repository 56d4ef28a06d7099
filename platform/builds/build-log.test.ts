import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BuildLog, makeMask } from './build-log.ts'

function logOf(chunks: string[], limits = { lineBytes: 10, lines: 4, totalBytes: 1000 }, env = {}) {
  const lines: string[] = []
  const log = new BuildLog((line) => lines.push(line), makeMask(env), limits)
  for (const chunk of chunks) log.write({ stream: 'stdout', data: Buffer.from(chunk) })
  log.end()
  return lines
}

test('joins pieces to lines and hands on the last one without an end', () => {
  assert.deepEqual(logOf(['ab', 'c\r\nd', '\ne']), ['abc', 'd', 'e'])
})

test('cuts long lines and leaves out what comes after the limit', () => {
  assert.deepEqual(logOf(['123456789012345', '\n']), ['123456789012345'.slice(0, 10).concat('…'), ''])
  assert.deepEqual(logOf(['a\nb\nc\nd\ne\nf\n']).slice(-2), [
    'd',
    '… more than 4 lines: the rest is left out',
  ])
})

test('a flood ends the build', () => {
  assert.throws(() => logOf(['x'.repeat(1001)]), /limit of/)
})

test('hides values of the configuration, and passwords of addresses on their own', () => {
  const env = {
    KEY: 'correct-horse',
    URL: 'postgres://u:p%40ssword-1@h/db',
    SHORT: 'true',
    NODE_ENV: 'production',
  }
  const wide = { lineBytes: 200, lines: 10, totalBytes: 1000 }
  assert.deepEqual(
    logOf(['key=correct-horse true production\n', 'p@ssword-1 postgres://u:p%40ssword-1@h/db\n'], wide, env),
    ['key=[hidden] true production', '[hidden] [hidden]'],
  )
})
