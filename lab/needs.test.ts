import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unmetNeed } from './needs.ts'

const large = { availableMb: 16_000, freeMb: 50_000, home: '/lab', hasTun: true }
const need = { hosts: 3, withPlatform: true }

test('a machine that is large enough is taken', () => assert.equal(unmetNeed(large, need), undefined))

test('each need that is not met says what and what to do', () => {
  for (const [facts, what] of [
    [{ ...large, availableMb: 1000 }, /1000 MB of memory are available, 3 hosts need/],
    [{ ...large, freeMb: 9000 }, /9000 MB are free in \/lab, 3 hosts need 10240 MB/],
    [{ ...large, hasTun: false }, /\/dev\/net\/tun/],
  ] as const) {
    const unmet = unmetNeed(facts, need)
    assert.match(unmet?.what ?? '', what)
    assert.match(unmet?.next ?? '', /\.$/)
  }
})

test('hosts without a platform need less, and a lab that runs nothing more', () => {
  const small = { ...large, availableMb: 1000, freeMb: 400 }
  assert.equal(unmetNeed(small, { hosts: 3, withPlatform: false }), undefined)
  assert.equal(
    unmetNeed({ ...small, availableMb: 10, freeMb: 10 }, { hosts: 0, withPlatform: false }),
    undefined,
  )
})
