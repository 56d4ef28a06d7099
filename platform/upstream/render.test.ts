import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UpstreamOrders } from '#contract/upstream.ts'
import { assertGolden } from '#tests/golden.ts'
import { renderBird } from './render.ts'
import { renderUpstreamFilter } from './render-filter.ts'
import { LATER, NOW } from './test-snapshot.ts'

const golden = (name: string, text: string) => assertGolden(import.meta.dirname, name, text)
const HERE = { own: '203.0.113.2', isHere: true, own6: undefined }
const session = {
  ...{ name: 'isp', ownAs: 64500, neighbour: '203.0.113.254', neighbourAs: 64496 },
  ...{ community: '65535:666', nextHop: null, password: null },
  announced: [
    { address: '203.0.113.9', until: LATER },
    { address: '203.0.113.1', until: LATER },
    { address: '203.0.113.2', until: NOW.toISOString() },
    { address: '2001:db8::5', until: LATER },
  ],
}
const orders: UpstreamOrders = {
  sessions: [
    session,
    {
      ...session,
      ...{ name: 'other-isp', neighbour: '192.0.2.254', community: '64496:66', nextHop: '192.0.2.1' },
      ...{ password: 'not-so-secret', announced: [], nextHop6: '2001:db8:ffff::1' },
      flowRules: true,
      flows: [
        { address: '203.0.113.9', only: 'udp:53', until: LATER },
        { address: '203.0.113.1', only: 'icmp', until: LATER },
        { address: '2001:db8::5', only: 'icmp', until: LATER },
        { address: '203.0.113.9', only: 'tcp', until: NOW.toISOString() },
      ],
    },
  ],
  counted: [
    { address: '203.0.113.1', perSecond: 500_000 },
    { address: '203.0.113.1', perSecond: 900_000 },
    { address: '203.0.113.9', perSecond: 500_000 },
    { address: '2001:db8::5', perSecond: 500_000 },
  ],
}

test('what BIRD reads: each address alone with the community, and nothing in or out beside', () => {
  golden('bird.conf', renderBird(orders, { ...HERE, own6: '2001:db8::2' }, NOW))
  golden('elsewhere.conf', renderBird({ ...orders, sessions: [session] }, { ...HERE, isHere: false }, NOW))
})

test('what is over is not announced, also when nobody says so', () => {
  const later = renderBird(orders, { ...HERE, own6: '2001:db8::2' }, new Date(LATER))
  assert.doesNotMatch(later, /blackhole;/)
})

test('the packet filter about the speaker, and what it counts', () => {
  golden('speaker.nft', renderUpstreamFilter('maru_upstream_inst_a', orders))
  golden('nobody.nft', renderUpstreamFilter('maru_upstream_inst_a', { sessions: [], counted: [] }))
})
