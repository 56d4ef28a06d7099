import assert from 'node:assert/strict'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { textLines } from '#runtime/kit/text-lines.ts'
import { sendLines } from './http.ts'

const LINES = 2_000
const TEXT = 'x'.repeat(64 * 1024)
/** What the kernel's buffers on both sides may take, generously: 32 MB of the 128 MB. */
const AHEAD = 500

test('a reader that stops is waited for, and each wait leaves nothing behind', async (t) => {
  let sent = 0
  let listeners = 0
  let answering: ServerResponse | undefined
  const server = createServer(async (_request, response) => {
    answering = response
    const lines = sendLines(response)
    for (let number = 0; number < LINES; number += 1) {
      await lines.send({ number, text: TEXT })
      sent += 1
      listeners = Math.max(listeners, response.listenerCount('close'), response.listenerCount('drain'))
    }
    lines.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const answer = await new Promise<IncomingMessage>((resolve) => get({ port, agent: false }, resolve))
  answer.pause()
  await until(() => answering?.writableNeedDrain === true)
  const whileStopped = sent
  assert.ok(whileStopped < AHEAD, `${whileStopped} lines were taken although nobody read`)

  const numbers: number[] = []
  for await (const line of textLines(answer)) numbers.push((JSON.parse(line) as { number: number }).number)
  assert.deepEqual(numbers, [...Array(LINES).keys()])
  assert.ok(listeners < 5, `${listeners} listeners`)
})

async function until(holds: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + 20_000
  while (!holds()) {
    if (Date.now() > giveUpAt) assert.fail('the condition did not come true')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
