import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cliOk, deploy, folderWith, greeter, newApp, nodeApp, waitFor } from './harness.ts'
import { ask, startLoad } from './https.ts'

test('no request fails while releases change under load', async (t) => {
  const app = newApp(t, 'load')
  const release = async (text: string) => deploy(await folderWith(t, nodeApp(greeter(text))), app)
  await release('first')
  const load = startLoad(app, 8)
  await release('second')
  await release('third')
  await waitFor('the third release to answer', async () => (await ask(app)).body === 'third')
  await cliOk(['restart', '--app', app])
  await cliOk(['scale', 'web=3', '--app', app])
  await cliOk(['scale', 'web=2', '--app', app])
  const { requests, failures } = await load.stop()
  t.diagnostic(`${requests} requests, ${failures.length} failed`)
  assert.ok(requests > 1000, `only ${requests} requests were made`)
  assert.deepEqual(failures.slice(0, 5), [])
})

test('requests that take seconds end well while their instance is being replaced', async (t) => {
  const app = newApp(t, 'slow')
  const program = `
import { createServer } from 'node:http'
const server = createServer((request, response) =>
  setTimeout(() => response.end('slow but whole'), request.url === '/slow' ? 4000 : 0))
server.listen(process.env.PORT)
process.on('SIGTERM', () => server.close())
`
  await deploy(await folderWith(t, nodeApp(program)), app)
  const slow = Array.from({ length: 6 }, () => ask(app, { path: '/slow' }))
  await cliOk(['restart', '--app', app])
  const answers = await Promise.all(slow)
  assert.deepEqual(
    new Set(answers.map(({ status, body }) => `${status} ${body}`)),
    new Set(['200 slow but whole']),
  )
})
