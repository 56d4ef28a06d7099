import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitsLab } from './field.ts'
import type { LabHost } from './hosts/hosts-place.ts'
import { DRILLS } from './register.ts'

const host = (name: string): LabHost => ({
  name,
  dataCentre: name.slice(0, 3),
  address: '198.18.1.1',
  full: name !== 'witness',
  first: name === 'dc1-h1',
})
const SMALL = ['dc1-h1', 'dc2-h1', 'witness'].map(host)
const LARGE = ['dc1-h1', 'dc1-h2', 'dc2-h1', 'dc2-h2', 'witness'].map(host)
const inLabOf = (hosts: readonly LabHost[]) =>
  DRILLS.filter((drill) => fitsLab(drill, { hosts })).map(({ name }) => name)

test('all drills of a lab are those of its hosts and of its pair, and no one-host drill', () => {
  const names = inLabOf(SMALL)
  for (const name of ['host-dies', 'cut-three-ways', 'database-primary-dies', 'database-clock-jumps'])
    assert.ok(names.includes(name), name)
  assert.ok(!names.includes('app-reaches-out'))
})

test('half an hour of load is carried out by name only', () => {
  assert.ok(DRILLS.some(({ name }) => name === 'database-soak'))
  assert.ok(!inLabOf(SMALL).includes('database-soak'))
})

test('what takes a second host of a data centre fits where there is one', () => {
  assert.ok(!inLabOf(SMALL).includes('host-replaced-under-load'))
  assert.ok(inLabOf(LARGE).includes('host-replaced-under-load'))
})
