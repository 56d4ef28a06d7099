import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitsLab } from './field.ts'
import type { LabHost } from './hosts/hosts-place.ts'
import { LARGE_LAB, SMALL_LAB } from './hosts/test-hosts.ts'
import { DRILLS } from './register.ts'

const inLabOf = (hosts: readonly LabHost[]) =>
  DRILLS.filter((drill) => fitsLab(drill, { hosts })).map(({ name }) => name)

test('all drills of a lab are those of its hosts and of its pair, and no one-host drill', () => {
  const names = inLabOf(SMALL_LAB)
  for (const name of ['host-dies', 'cut-three-ways', 'database-primary-dies', 'database-clock-jumps'])
    assert.ok(names.includes(name), name)
  assert.ok(!names.includes('app-reaches-out'))
})

test('half an hour of load is carried out by name only', () => {
  assert.ok(DRILLS.some(({ name }) => name === 'database-soak'))
  assert.ok(!inLabOf(SMALL_LAB).includes('database-soak'))
})

test('what takes a second host of a data centre fits where there is one', () => {
  assert.ok(!inLabOf(SMALL_LAB).includes('host-replaced-under-load'))
  assert.ok(inLabOf(LARGE_LAB).includes('host-replaced-under-load'))
})
