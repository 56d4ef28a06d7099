import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident, IncidentAccount } from '#contract/detection.ts'
import type { HostEvent } from '#contract/guard.ts'
import type { DrillResult } from '#contract/trust.ts'
import { checkMeasures } from './drill-results.ts'
import { cli, cliJson, cliOk } from './harness.ts'

const DRILL = 'slow-clients-hold-connections'
const DRILL_MS = 300_000
/** Where the drill's people are; other tests have theirs elsewhere. */
const OUTSIDE = '198.51.100.'

test('slowhttptest holds connections: others are served, and people are told who, what, what was done and what to do', async (t) => {
  const done = await cli(['drill', 'run', DRILL, '--json'], { timeoutMs: DRILL_MS })
  assert.ok(done.stdout, done.stderr)
  if (done.exitCode !== 0) t.diagnostic(`${done.stderr}\n${(await cli(['status'])).stdout}`)
  checkMeasures(t, JSON.parse(done.stdout) as DrillResult)

  const listed = await cliJson<{ events: HostEvent[] }>(['network', 'events', '--kind', 'exhaustion'])
  const events = listed.events.filter(({ src_endpoint }) => src_endpoint.ip.startsWith(OUTSIDE))
  const [source, ...others] = new Set(events.map(({ src_endpoint }) => src_endpoint.ip))
  assert.deepEqual(others, [])
  const said = events.map(({ message }) => message).join('\n')
  assert.match(said, /wanted more than 1,000 connections to the platform at the same time/)
  assert.match(said, /began requests and did not end them/)
  // One for each of three reasons a minute, however many connections it were.
  assert.ok(events.length <= 9 && events.some(({ count }) => count > 100), said)

  const { incidents } = await cliJson<{ incidents: Incident[] }>(['network', 'incidents'])
  const incident = incidents.find(({ who }) => who === source) ?? assert.fail('no incident')
  assert.deepEqual(incident.kinds, ['exhaustion'])
  const { account, did, canDo } = await cliJson<IncidentAccount>(['network', 'incidents', incident.id])
  assert.match(account, /198\.51\.100\.\d+ took up more connections or requests than anybody needs\./)
  assert.match(did.join(), /above its share was refused/)
  assert.match(canDo.join(' '), /maru network blocks add 198\.51\.100\./)
  assert.match((await cliOk(['network', 'incidents', incident.id])).stdout, /What you can do:/)
})
