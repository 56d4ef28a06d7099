import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ContainerSpec } from '#contract/agent.ts'
import { hashContainer } from '#runtime/drivers/docker.ts'
import { withKeepers } from './network-keeper.ts'

const at = { name: 'data', address: '10.1.0.20', aliases: ['db.internal'] }
const spec = (extra: object) =>
  ContainerSpec.parse({
    name: 'm-proxy',
    component: 'proxy',
    image: 'sha256:1',
    networks: [at],
    handOver: true,
    ...extra,
  })

test('what is handed over at addresses of its own shares those of a container that stays', () => {
  const [keeper, proxy, ...others] = withKeepers([spec({})])
  assert.deepEqual(others, [])
  assert.deepEqual([keeper?.name, keeper?.component, keeper?.networks], ['m-proxy-net', 'proxy', [at]])
  assert.deepEqual([proxy?.name, proxy?.networks, proxy?.networkOf], ['m-proxy', [], 'm-proxy-net'])
})

test('a newer image replaces what is handed over, not what keeps its addresses; another address replaces that', () => {
  const hashes = (extra: object) => withKeepers([spec(extra)]).map(hashContainer)
  const [before, newer, moved] = [
    hashes({}),
    hashes({ image: 'sha256:2' }),
    hashes({ networks: [{ ...at, address: '10.1.0.21' }] }),
  ]
  assert.equal(newer[0], before[0])
  assert.notEqual(newer[1], before[1])
  assert.notEqual(moved[0], before[0])
})

test('what is on the host’s own network, or ends before its successor starts, needs no keeper', () => {
  for (const one of [spec({ networks: [{ name: 'host', aliases: [] }] }), spec({ handOver: false })])
    assert.deepEqual(withKeepers([one]), [one])
})
