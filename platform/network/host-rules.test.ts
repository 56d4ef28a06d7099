import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { renderHostRules, tableOf } from './host-rules.ts'

test('rules of an installation', async () => {
  const installation = { id: 'inst_a', name: 'maru', subnet: '10.89', ports: { http: 80, https: 443 } }
  const golden = await readFile(join(import.meta.dirname, 'golden/host-rules.nft'), 'utf8')
  assert.equal(renderHostRules(installation), golden)
})

test('rules of a host that joined: only other hosts knock at its agent, and no app at any', async () => {
  const installation = { id: 'inst_a', name: 'maru', subnet: '10.89', ports: { http: 80, https: 443 } }
  const golden = await readFile(join(import.meta.dirname, 'golden/joined-host-rules.nft'), 'utf8')
  const others = { peers: ['10.0.0.1', '10.0.0.2'], own: '10.0.0.2' }
  assert.equal(renderHostRules(installation, others), golden)
})

test('who shares an address hears of it from the others that do, and from nobody else', () => {
  const installation = { id: 'inst_a', name: 'maru', subnet: '10.89', ports: { http: 80, https: 443 } }
  const heard = (sharing: string[] | undefined) =>
    renderHostRules(installation, { peers: [], own: '10.0.0.2', ...(sharing && { sharing }) })
      .split('\n')
      .filter((line) => line.includes('vrrp'))
      .map((line) => line.trim())
  const outgoing = 'iifname { "maru-bld0", "maru-apps0" } meta l4proto vrrp drop'
  assert.deepEqual(heard(undefined), [outgoing])
  assert.deepEqual(heard([]), ['ip daddr 10.0.0.2 meta l4proto vrrp drop', outgoing])
  assert.deepEqual(heard(['10.0.0.1', '10.0.0.3']), [
    'ip daddr 10.0.0.2 meta l4proto vrrp ip saddr != { 10.0.0.1, 10.0.0.3 } drop',
    outgoing,
  ])
})

test("a table's name has only letters that the filter takes", () => {
  assert.equal(tableOf({ id: 'test-0a.b"{' }), 'maru_test_0a_b__')
})
