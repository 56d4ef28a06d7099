import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { NetworkRuleView } from '#contract/network-api.ts'
import type { CliContext } from '#runtime/cli/context.ts'
import { makeTestContext } from '#runtime/cli/test-context.ts'
import { json, serve } from '#runtime/cli/test-server.ts'
import { deny, lockDown } from './commands-rules.ts'
import { ruleOf } from './test-policy.ts'

const PAUSED: NetworkRuleView = {
  ...ruleOf('rule-ssh', '203.0.113.0/24', 'host', ['22'], { pausedUntil: '2026-03-10T12:01:00.000Z' }),
  askedBy: null,
}

async function printed(t: TestContext, command: (context: CliContext, home: string) => Promise<void>) {
  const until = '2026-03-10T12:01:00.000Z'
  const { home } = await serve(t, {
    'network.lockDown': [json({ lockDown: { since: '2026-03-10T12:00:00.000Z', by: 'ada', until } })],
    'network.deny': [json(PAUSED)],
  })
  const { context, printed: out } = makeTestContext({ uid: 0 })
  await command(context, home)
  return out.stdout
}

test('who tries something that may shut him out is told to open a new connection, for what is open proves nothing', async (t) => {
  const tried = await printed(t, (context, home) => lockDown(context, 'try', { home }))
  assert.match(tried, /^On trial for 60 s\. Open a new connection now .*ssh.*maru network lock-down keep\n$/)
  const denied = await printed(t, (context, home) => deny(context, 'rule-ssh', { home, keep: false }))
  assert.match(denied, /\nOpen a new connection now .*ssh.*maru network deny rule-ssh --keep\n$/)
})
