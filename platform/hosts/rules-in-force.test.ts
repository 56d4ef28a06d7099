import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardTableOf, portTableOf } from '#platform/guard/host.ts'
import { tableOf } from '#platform/network/compile.ts'
import { strayTableOf } from '#platform/virtual-address/strays.ts'
import type { Table } from '#runtime/drivers/nft.ts'
import { CLOSED_FAMILIES, closedTableOf } from './closed-script.ts'
import { areRulesInForce } from './rules-in-force.ts'

const ours = { id: 'inst_k3x9', name: 'ours' }
const inet = (name: string): Table => ({ family: 'inet', name })
const closed = CLOSED_FAMILIES.map((family): Table => ({ family, name: closedTableOf(ours) }))

test('the rules of an installation are in force, whoever else has a table beside them', () => {
  assert.equal(areRulesInForce([inet(tableOf(ours))]), true)
  assert.equal(areRulesInForce([{ family: 'ip', name: 'nat' }, ...closed, inet(tableOf(ours))]), true)
})

test('nothing is, where there is no table, or only those of others', () => {
  assert.equal(areRulesInForce([]), false)
  assert.equal(areRulesInForce([{ family: 'ip', name: 'nat' }, inet('docker'), inet('maru')]), false)
  assert.equal(areRulesInForce([{ family: 'bridge', name: tableOf(ours) }]), false)
})

test('a network that is closed still has none', () => {
  assert.equal(areRulesInForce(closed), false)
})

test('nor are they there with what an agent loads before them, or has left', () => {
  const others = [guardTableOf(ours), portTableOf(ours), strayTableOf(ours), `maru_knock_${ours.id}`]
  assert.equal(areRulesInForce(others.map(inet)), false)
})
