import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outwardAmong } from './outward.ts'

test('a bridge that an operator named leads outside; those of the engine do not', () => {
  const cards = [
    'lo',
    'eth0',
    'br-lan',
    'br-0123456789ab',
    'docker0',
    'maru-apps0',
    'br-ex',
    'br-0123456789abc',
  ]
  assert.deepEqual(outwardAmong(cards), ['br-0123456789abc', 'br-ex', 'br-lan'])
})
