import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { RUN_FRAME } from '#contract/apps.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { encodeFrame, makeFrameReader } from '#runtime/kit/run-frames.ts'
import { makeTestAgent, type TestAgent } from './test-agent.ts'
import { testApp, until } from './test-host.ts'

let lab: TestAgent

before(async () => {
  lab = await makeTestAgent(205)
})
after(() => lab?.destroy())

test('logs of several instances are merged, and a new instance joins a followed stream', async () => {
  const talk = (word: string) => `console.log('${word}');setInterval(()=>{},1000)`
  await lab.put(['talk', [lab.instance('worker', 1, 1, talk('first'))]])
  const left = new AbortController()
  const seen: string[] = []
  const reading = (async () => {
    for await (const line of lab.client.logs({ app: 'talk', follow: true, tail: 10 }, left.signal)) {
      seen.push(`${line.instance} ${line.line}`)
    }
  })()
  await until('the first line', async () => seen.includes('worker.1 first'))
  await lab.put([
    'talk',
    [lab.instance('worker', 1, 1, talk('first')), lab.instance('worker', 2, 1, talk('second'))],
  ])
  await until('the second line', async () => seen.includes('worker.2 second'))
  left.abort()
  await reading
  assert.equal(seen.filter((line) => line === 'worker.1 first').length, 1)
})

test('a log goes on from a time, with every line of that moment and after it', async () => {
  const program =
    "for(const n of [1,2,3,4,5])setTimeout(()=>console.log('line '+n),n*20);setInterval(()=>{},1000)"
  await lab.put(['count', [lab.instance('worker', 1, 1, program)]])
  const query = { app: 'count', follow: false, tail: 100 }
  const read = (more: object = {}) =>
    Array.fromAsync(lab.client.logs({ ...query, ...more }, AbortSignal.timeout(60_000)))
  await until('all are printed', async () => (await read()).length === 5)
  const all = await read()
  const { at: since } = all[2] ?? assert.fail('no third line')
  assert.deepEqual(await read({ since, tail: 1 }), all.slice(2))

  const left = new AbortController()
  const followed: unknown[] = []
  for await (const line of lab.client.logs({ ...query, follow: true, since }, left.signal)) {
    followed.push(line)
    if (followed.length === 3) left.abort()
  }
  assert.deepEqual(followed, all.slice(2))
})

/** Runs a one-off; gives its output and the payload of its last frame. */
async function runOnce(
  command: string[],
  options: { tty?: boolean; input?: string; timeoutS?: number } = {},
) {
  const stream = await lab.client.run({
    kind: 'app',
    app: testApp('shop').app,
    appId: testApp('shop').appId,
    release: 1,
    image: lab.image,
    command,
    env: { WORD: 'hello' },
    tty: options.tty ?? false,
    columns: 100,
    rows: 30,
    timeoutS: options.timeoutS ?? 30,
  })
  const read = makeFrameReader()
  let output = ''
  let last = ''
  if (options.input !== undefined) stream.write(encodeFrame(RUN_FRAME.stdin, options.input))
  if (options.input !== undefined) stream.write(encodeFrame(RUN_FRAME.stdinEnd))
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (const { kind, payload } of read(chunk)) {
      if (kind === RUN_FRAME.stdout || kind === RUN_FRAME.stderr) output += payload.toString()
      else last = payload.toString()
    }
  }
  return { output, last }
}

const runContainers = () => lab.containers({ [LABELS.component]: 'run' })

test('one-off commands: input, exit code, terminal, time limit; nothing is left', async () => {
  assert.deepEqual(await runOnce(['sh', '-c', 'read L; echo $WORD $L; exit 7'], { input: 'you\n' }), {
    output: 'hello you\n',
    last: '{"exitCode":7}',
  })
  const terminal = await runOnce(
    ['sh', '-c', 'while [ "$(stty size)" = "0 0" ]; do :; done; stty size; tty'],
    { tty: true },
  )
  assert.match(terminal.output, /30 100/)
  assert.match(terminal.output, /\/dev\/pts/)
  const endless = await runOnce(['sleep', '60'], { timeoutS: 1 })
  assert.match(endless.last, /stopped after 1 seconds/)
  assert.match((await runOnce(['no-such-program'])).last, /"exitCode":127/)
  await until('no container is left', async () => (await runContainers()).length === 0)
})

test('a caller that leaves ends its command', async () => {
  const stream = await lab.client.run({
    kind: 'app',
    app: testApp('shop').app,
    appId: testApp('shop').appId,
    release: 1,
    image: lab.image,
    command: ['sleep', '60'],
    env: {},
    tty: false,
    columns: 80,
    rows: 24,
    timeoutS: 60,
  })
  await until('it runs', async () => (await runContainers()).some(({ state }) => state === 'running'))
  stream.destroy()
  await until('it is gone', async () => (await runContainers()).length === 0)
})
