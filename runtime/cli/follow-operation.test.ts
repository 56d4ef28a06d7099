import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import type { Operation, OperationEvent } from '#contract/operations.ts'
import { makeClient } from './api-client.ts'
import { followOperation } from './follow-operation.ts'
import { makeOutput } from './output.ts'
import { makeTestContext } from './test-context.ts'
import { serve } from './test-server.ts'

const OPERATION = { id: 'op_abcdefgh', kind: 'deploy', app: 'shop', cancellable: true } as Operation
const STEPS: OperationEvent[] = [
  { type: 'step', step: 'build', text: 'Building the source' },
  { type: 'log', source: 'build', line: 'npm \u001b[31mci\u001b[0m\u0007' },
  { type: 'step', step: 'start', text: 'Starting 2 instances' },
  { type: 'log', source: 'app', line: 'boom' },
]
const DONE: OperationEvent = {
  type: 'done',
  text: 'Deployed v1',
  url: 'https://shop.example.org',
  release: 1,
}
const FAILED: OperationEvent = {
  type: 'failed',
  error: new MaruError('apps.build_failed', { reason: 'npm ended with 1' }).toBody().error,
}

async function sessionFor(t: TestContext, events: readonly OperationEvent[], json = false, tty = false) {
  const { endpoint, seen } = await serve(t, {
    'operations.events': [
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        events.forEach((event, index) => {
          response.write(`id: ${index + 1}\ndata: ${JSON.stringify(event)}\n\n`)
        })
      },
    ],
  })
  const { context, printed } = makeTestContext({ tty })
  const out = makeOutput(context, { json })
  const api = makeClient(endpoint)
  t.after(api.close)
  return { session: { api, out, context }, printed, seen }
}

test('people see steps and log on standard error, the address alone on standard output', async (t) => {
  const { session, printed } = await sessionFor(t, [...STEPS, DONE])
  await followOperation(session, OPERATION)
  assert.equal(printed.stdout, 'https://shop.example.org\n')
  assert.equal(
    printed.stderr,
    'Building the source\n  | npm ci\\x07\nStarting 2 instances\n  | app: boom\nDeployed v1 (0.0 s)\n',
  )
})

test('scripts get one line of JSON for each event and nothing else', async (t) => {
  const { session, printed } = await sessionFor(t, [...STEPS, DONE], true)
  await followOperation(session, OPERATION)
  const lines = printed.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(lines, [{ type: 'operation', operation: OPERATION }, ...STEPS, DONE])
  assert.equal(printed.stderr, '')
})

test('a failed operation is an error with its own exit code', async (t) => {
  const { session, printed } = await sessionFor(t, [...STEPS, FAILED], false, true)
  await assert.rejects(followOperation(session, OPERATION), (error: unknown) => {
    assert.ok(error instanceof MaruError)
    assert.equal(error.code, 'apps.build_failed')
    assert.equal(error.exit, 1)
    return true
  })
  assert.match(printed.stderr, /✗.* Starting 2 instances/)
})

test('Ctrl-C leaves the operation running and says how to come back', async (t) => {
  const { session, printed, seen } = await sessionFor(t, STEPS)
  const following = followOperation(session, OPERATION)
  await t.waitFor(() => assert.match(printed.stderr, /boom/))
  session.context.signals.emit('SIGINT')
  await following
  assert.match(
    printed.stderr,
    /goes on without you. Follow it: maru operation op_abcdefgh; cancel it: maru cancel op_abcdefgh\n$/,
  )
  assert.equal(printed.exit, 130)
  assert.equal(session.context.signals.listenerCount('SIGINT'), 0)
  assert.equal(seen.length, 1)
})

test('Ctrl-C offers to cancel only what can be cancelled', async (t) => {
  const { session, printed } = await sessionFor(t, STEPS)
  const following = followOperation(session, { ...OPERATION, kind: 'destroy', cancellable: false })
  await t.waitFor(() => assert.match(printed.stderr, /boom/))
  session.context.signals.emit('SIGINT')
  await following
  assert.match(printed.stderr, /The destroy goes on without you. Follow it: maru operation op_abcdefgh\n$/)
})
