import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { makeTestContext } from '#runtime/cli/test-context.ts'
import { json, serve } from '#runtime/cli/test-server.ts'
import { instances } from './commands-view.ts'

const instance = (index: number, host: string, dataCentre: string | null) => ({
  id: `web.${index}`,
  process: 'web',
  release: 3,
  state: 'healthy',
  host,
  dataCentre,
  startedAt: '2026-03-10T11:00:00Z',
  restarts: 0,
  memoryBytes: 45_000_000,
  detail: '',
})

async function printed(t: TestContext, hosts: number): Promise<string> {
  const own = [instance(1, 'a1', 'east'), instance(2, 'b1', hosts > 1 ? null : 'east')]
  const { home } = await serve(t, {
    'apps.instances': [json({ instances: own, hosts, addresses: ['203.0.113.9', '198.51.100.7'] })],
  })
  const { context, printed: out } = makeTestContext({ uid: 0 })
  await instances(context, { app: 'shop', home })
  return out.stdout
}

test('where there are several hosts, each instance says its own and the data centre', async (t) => {
  const [head, first, second] = (await printed(t, 2)).split('\n')
  assert.match(head ?? '', /MEMORY +HOST +DATA CENTRE +DETAIL$/)
  assert.match(first ?? '', /^web\.1 .* a1 +east$/)
  assert.match(second ?? '', /^web\.2 .* b1 +removed$/)
})

test('where there are several hosts, it says where the names of the app should lead', async (t) => {
  assert.match(await printed(t, 2), /\n\nIts names should lead to 203\.0\.113\.9 and 198\.51\.100\.7\.\n$/)
})

test('one host is not named in every line', async (t) => {
  const text = await printed(t, 1)
  assert.doesNotMatch(text, /HOST|a1|should lead/)
})
