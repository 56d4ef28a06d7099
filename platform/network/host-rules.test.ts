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

test("a table's name has only letters that the filter takes", () => {
  assert.equal(tableOf({ id: 'test-0a.b"{' }), 'maru_test_0a_b__')
})
