import assert from 'node:assert/strict'
import { duplexPair, PassThrough } from 'node:stream'
import { test } from 'node:test'
import { RUN_FRAME } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import { encodeFrame, makeFrameReader } from '#runtime/kit/run-frames.ts'
import { makeOutput } from './output.ts'
import { joinTerminal } from './run-terminal.ts'
import type { Session } from './session.ts'
import { makeTestContext } from './test-context.ts'

const FIRST = { command: ['cat'], tty: false, columns: 80, rows: 24 }

function start(input: string, json = false) {
  const { context, printed } = makeTestContext({ input })
  const [near, far] = duplexPair()
  const session = { context, out: makeOutput(context, { json }) } as Session
  const received = far.pipe(new PassThrough())
  return { printed, far, received, ended: joinTerminal(session, near, FIRST) }
}

/** The first line, then the frames up to the end of standard input. */
async function readInput(received: PassThrough): Promise<string[]> {
  let bytes = Buffer.alloc(0)
  const frames: string[] = []
  let readFrames: ReturnType<typeof makeFrameReader> | undefined
  for await (const chunk of received) {
    bytes = Buffer.concat([bytes, chunk])
    if (readFrames === undefined) {
      const end = bytes.indexOf('\n')
      if (end < 0) continue
      frames.push(bytes.subarray(0, end).toString())
      readFrames = makeFrameReader()
      bytes = bytes.subarray(end + 1)
    }
    for (const { kind, payload } of readFrames(bytes)) frames.push(`${kind}:${payload}`)
    bytes = Buffer.alloc(0)
    if (frames.at(-1) === `${RUN_FRAME.stdinEnd}:`) break
  }
  return frames
}

test('input goes there, output comes back, the exit code is passed on', async () => {
  const { printed, far, received, ended } = start('hello')
  assert.deepEqual(await readInput(received), [JSON.stringify(FIRST), '0:hello', '3:'])
  far.write(encodeFrame(RUN_FRAME.stdout, 'out\n'))
  far.write(encodeFrame(RUN_FRAME.stderr, 'err\n'))
  far.write(encodeFrame(RUN_FRAME.exit, JSON.stringify({ exitCode: 7 })))
  await ended
  assert.deepEqual(printed, { stdout: 'out\n', stderr: 'err\n', exit: 7 })
})

test('for scripts every piece is a line of JSON', async () => {
  const { printed, far, ended } = start('', true)
  far.write(encodeFrame(RUN_FRAME.stdout, 'out\n'))
  far.write(encodeFrame(RUN_FRAME.exit, JSON.stringify({ exitCode: 0 })))
  await ended
  assert.equal(printed.stdout, '{"type":"stdout","text":"out\\n"}\n{"type":"exit","exitCode":0}\n')
})

test("an error frame is the platform's error, a broken stream is unreachable", async () => {
  const failed = start('')
  const body = new MaruError('apps.run_failed', { reason: 'no such program' }).toBody()
  failed.far.write(encodeFrame(RUN_FRAME.error, JSON.stringify(body)))
  await assert.rejects(failed.ended, /could not be started: no such program/)
  const broken = start('')
  broken.far.end()
  await assert.rejects(broken.ended, /The running command cannot be reached/)
})
