import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressAt, nextFree } from './address-book.ts'

const COUNT = 126 * 254

test('addresses stay in their range and begin again after the last', () => {
  assert.equal(addressAt('10.9', 0), '10.9.129.1')
  assert.equal(addressAt('10.9', 253), '10.9.129.254')
  assert.equal(addressAt('10.9', 254), '10.9.130.1')
  assert.equal(addressAt('10.9', COUNT - 1), '10.9.254.254')
  assert.equal(addressAt('10.9', COUNT), '10.9.129.1')
})

test('every address is handed out once before one comes again', () => {
  const all = new Set(Array.from({ length: COUNT }, (_, number) => addressAt('10.9', number)))
  assert.equal(all.size, COUNT)
})

test('used addresses are passed over, over the end too', () => {
  assert.equal(nextFree('10.9', 0, new Set(['10.9.129.1', '10.9.129.2'])), 2)
  assert.equal(addressAt('10.9', nextFree('10.9', COUNT - 1, new Set(['10.9.254.254']))), '10.9.129.1')
})

test('a full range is an error, not an endless search', () => {
  const all = new Set(Array.from({ length: COUNT }, (_, number) => addressAt('10.9', number)))
  assert.throws(() => nextFree('10.9', 0, all), /all 32004 addresses/)
})
