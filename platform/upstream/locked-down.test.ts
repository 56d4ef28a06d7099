import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_POLICY } from '#contract/network.ts'
import { compileFilter, type NetworkFacts, renderFilter } from '#platform/network/index.ts'
import { type Provider, rulesOf } from './plan.ts'
import { hookTo, NOW, provider } from './test-snapshot.ts'

const facts: NetworkFacts = {
  installation: { id: 'inst_a', name: 'maru', subnet: '10.88', ports: { http: 80, https: 443 } },
  ...{
    hosts: ['203.0.113.1'],
    own: '203.0.113.1',
    resolvers: ['192.0.2.53'],
    ways: [],
    apps: [],
  },
}
const lockDown = { since: NOW.toISOString(), by: 'ada', until: null }
const linesOf = (providers: readonly Provider[]) =>
  renderFilter(compileFilter({ ...NO_POLICY, lockDown, rules: rulesOf(providers) }, facts)).split('\n')
const spoken = (lines: readonly string[]) =>
  lines.filter((line) => line.includes('comment "upstream-')).map((line) => line.trim())

test('hosts that are locked down speak to a provider’s router at its port, and the control plane to a partner', () => {
  assert.deepEqual(spoken(linesOf([])), [])
  assert.deepEqual(spoken(linesOf([provider('isp')])), [
    'ct original ip daddr 203.0.113.254 meta l4proto 6 ct original proto-dst 179 accept comment "upstream-bgp-isp"',
  ])
  const hook = (url: string) =>
    spoken(linesOf([provider('scrubber', { settings: hookTo(url) })])).filter((line) =>
      line.endsWith('"upstream-hook-scrubber"'),
    )
  const [anywhere = ''] = hook('https://api.example.org:8443/drop')
  assert.match(anywhere, /ip daddr != @private .*proto-dst 8443 accept/)
  const [there = ''] = hook('https://198.51.100.80:8443/drop')
  assert.match(there, /ip daddr 198\.51\.100\.80 .*proto-dst 8443 accept/)
})
