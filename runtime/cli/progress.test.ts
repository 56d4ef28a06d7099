import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeOutput } from './output.ts'
import { showWaiting } from './progress.ts'
import { makeTestContext } from './test-context.ts'

function start(tty: boolean, json = false) {
  const { context, printed } = makeTestContext({ tty, env: { NO_COLOR: '1' } })
  return { progress: makeOutput(context, { json }).progress, printed }
}

test('on a terminal the current step is drawn over and ends with a mark', () => {
  const { progress, printed } = start(true)
  progress.step('Build v1')
  progress.log('npm \u001b[2Jci')
  progress.step('Start v1')
  progress.end('failed')
  assert.equal(
    printed.stderr.replaceAll('\r\u001b[K', '<'),
    '<⠋ Build v1 0.0 s<  │ npm \\x1b[2Jci\n<⠋ Build v1 0.0 s<✓ Build v1 0.0 s\n<⠋ Start v1 0.0 s<✗ Start v1 0.0 s\n',
  )
})

test('in a file every step is a line, and nothing moves the cursor', () => {
  const { progress, printed } = start(false)
  progress.step('Build v1')
  progress.update('ignored')
  progress.log('npm ci')
  progress.end('failed')
  assert.equal(printed.stderr, 'Build v1\n  | npm ci\n  failed after 0.0 s\n')
})

test('scripts see no progress at all', () => {
  const { progress, printed } = start(true, true)
  progress.step('Build v1')
  progress.note('a remark')
  progress.end('done')
  assert.equal(printed.stderr, '')
})

test('only a long wait shows itself, and leaves no trace on a terminal', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const { progress, printed } = start(true)
  await showWaiting(progress, 'Waiting', Promise.resolve(1))
  assert.equal(printed.stderr, '')
  const work = Promise.withResolvers<void>()
  const waiting = showWaiting(progress, 'Waiting', work.promise)
  t.mock.timers.tick(1000)
  assert.match(printed.stderr, /Waiting/)
  work.resolve()
  await waiting
  assert.ok(printed.stderr.endsWith('\r\u001b[K'))
  assert.equal(progress.isActive(), false)
})
